using System.Buffers;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// A random distortion of training images: each epoch shows the network every image in another shape. It says from
/// where, relative to itself, each pixel of the result is taken; several add up, and the image is sampled once.
/// </summary>
public abstract class Augmentation : CatalogItem
{
    /// <summary>Adds this distortion's displacements.</summary>
    /// <param name="shape">Width and height of the image.</param>
    /// <param name="random">The numbers of this distortion in this epoch.</param>
    /// <param name="first">The first index of this image's own numbers; 2²⁴ follow.</param>
    /// <param name="dx">[pixels] Pixels to the right, row by row from the top left.</param>
    /// <param name="dy">[pixels] Pixels downwards.</param>
    public abstract void Displace(ImageShape shape, RandomStream random, ulong first, Span<float> dx, Span<float> dy);
}

/// <summary>The distortions that ship. Adding one: its class, and its line in <see cref="All"/>.</summary>
public static class Augmentations
{
    /// <summary>Turns, stretches, shears and shifts.</summary>
    public static Augmentation Affine(double rotation = 10, double scale = 0.1, double shear = 0.1, double shift = 1) =>
        Find("affine").Create(rotation, scale, shear, shift);

    /// <summary>Bends smoothly.</summary>
    public static Augmentation Elastic(double sigma = 4, double alpha = 34) => Find("elastic").Create(sigma, alpha);

    private static Entry<Augmentation> Find(string name) => All.First(e => e.Name == name);

    private sealed class AffineMap(double rotation, double scale, double shear, double shift) : Augmentation
    {
        public override void Displace(
            ImageShape shape, RandomStream random, ulong first, Span<float> dx, Span<float> dy)
        {
            double angle = Draw(0, rotation * Math.PI / 180), slant = Draw(1, shear);
            double sx = 1 + Draw(2, scale), sy = 1 + Draw(3, scale), tx = Draw(4, shift), ty = Draw(5, shift);
            double cos = PortableMath.Cos(angle), sin = PortableMath.Sin(angle);
            // Rotation · shear · scale, about the middle, less the identity.
            float xx = (float)(cos * sx - 1), xy = (float)((cos * slant - sin) * sy);
            float yx = (float)(sin * sx), yy = (float)((sin * slant + cos) * sy - 1);
            float middleX = (shape.Width - 1) / 2f, middleY = (shape.Height - 1) / 2f;
            for (int y = 0, i = 0; y < shape.Height; y++)
                for (int x = 0; x < shape.Width; x++, i++)
                {
                    float fromX = x - middleX, fromY = y - middleY;
                    dx[i] += xx * fromX + xy * fromY + (float)tx;
                    dy[i] += yx * fromX + yy * fromY + (float)ty;
                }

            double Draw(ulong index, double most) => most * (2 * random.Uniform(first + index) - 1);
        }
    }

    private sealed class ElasticField : Augmentation
    {
        private readonly float[] taps;
        private readonly float alpha;

        public ElasticField(double sigma, double alpha)
        {
            this.alpha = (float)alpha;
            int reach = (int)Math.Ceiling(3 * sigma);
            double[] bell = [.. Enumerable.Range(-reach, 2 * reach + 1)
                .Select(i => PortableMath.Exp(-i * i / (2 * sigma * sigma)))];
            double sum = bell.Sum();
            taps = [.. bell.Select(b => (float)(b / sum))];
        }

        public override void Displace(
            ImageShape shape, RandomStream random, ulong first, Span<float> dx, Span<float> dy)
        {
            int reach = taps.Length / 2, height = shape.Height, width = shape.Width;
            int stride = (width + Convolution.Block - 1) / Convolution.Block * Convolution.Block;
            int padded = stride + 2 * reach;
            float[] rented = ArrayPool<float>.Shared.Rent(2 * height * (padded + stride));
            Span<float> noise = rented.AsSpan(0, 2 * height * padded);
            Span<float> noiseX = noise[..(height * padded)], noiseY = noise[(height * padded)..];
            Span<float> across = rented.AsSpan(noise.Length, height * stride);
            Span<float> smooth = rented.AsSpan(noise.Length + height * stride, height * stride);
            noise.Clear(); // there is none beyond the image
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x += 2)
                {
                    (uint w0, uint w1, uint w2, uint w3) = random.Block(first + (ulong)(y * width + x));
                    int at = y * padded + reach + x;
                    (noiseX[at], noiseY[at]) = (Uniform(w0), Uniform(w1));
                    if (x + 1 < width) (noiseX[at + 1], noiseY[at + 1]) = (Uniform(w2), Uniform(w3));
                }
            Add(noiseX, dx, across, smooth);
            Add(noiseY, dy, across, smooth);
            ArrayPool<float>.Shared.Return(rented);

            void Add(ReadOnlySpan<float> noise, Span<float> field, Span<float> across, Span<float> smooth)
            {
                Convolution.AlongRows(noise, taps, across, height, stride);
                Convolution.AlongColumns(across, taps, smooth, height, stride);
                for (int y = 0; y < height; y++)
                    for (int x = 0; x < width; x++) field[y * width + x] += alpha * smooth[y * stride + x];
            }
        }

        // In −1 … 1.
        private static float Uniform(uint word) => (int)word * (1f / 2147483648);
    }

    /// <summary>All distortions, in the order of help and documentation.</summary>
    public static IReadOnlyList<Entry<Augmentation>> All { get; } =
    [
        new("affine", "p → A·(p − c) + c + t,  A = rotation · shear · scale",
            "turned, stretched, slanted and shifted a little, as hands write",
            "Simard, Steinkraus, Platt, ICDAR 2003, §2",
            [
                new("rotation", 10, 0, 180, "Most degrees, either way."),
                new("scale", 0.1, 0, 0.9, "Most change of width and of height, as a share."),
                new("shear", 0.1, 0, 2, "Most pixels to the side per pixel down."),
                new("shift", 1, 0, 1000, "Most pixels, in each direction."),
            ],
            p => new AffineMap(p[0], p[1], p[2], p[3])),
        new("elastic", "p → p + α·(G_σ * u),  u uniform in −1 … 1 for every pixel and direction",
            "bent smoothly, as by uncontrolled hand muscles", "Simard, Steinkraus, Platt, ICDAR 2003, §2",
            [
                new("sigma", 4, 0.3, 100, "Deviation of the bell in pixels: how smooth."),
                new("alpha", 34, 0, 100_000,
                    "Factor on the smoothed noise: at 4 and 34 pixels move by 1.4, on average."),
            ],
            p => new ElasticField(p[0], p[1])),
    ];
}
