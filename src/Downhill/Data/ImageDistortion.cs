using System.Buffers;

namespace Downhill;

/// <summary>
/// Distorts the images of a run. What becomes of an image depends on the run's seed, the epoch and the image's row
/// alone, so not on threads, batches or resuming. May be called from many threads at once; allocates nothing lasting.
/// </summary>
internal sealed class ImageDistortion
{
    private readonly Augmentation[] augmentations;
    private readonly ImageShape shape;
    private readonly ulong seed;

    /// <exception cref="DownhillException">The rows are no images.</exception>
    public ImageDistortion(IReadOnlyList<Augmentation> augmentations, RowSource source, ulong seed)
    {
        string given = string.Join(",", augmentations);
        if (source.Image is null || source.Inputs.Count != source.Image.Width * source.Image.Height)
            Throw.Input($"Augmentation '{given}'", "rows that are the pixels of an image", "a table",
                "Leave it out, or train on images such as digits or a folder of them.");
        (this.augmentations, shape, this.seed) = ([.. augmentations], source.Image, seed);
    }

    /// <summary>Distorts one image in place. Beyond its edges it is 0.</summary>
    /// <param name="epoch">0, 1, …</param>
    /// <param name="row">Row of the source.</param>
    /// <param name="image">[height, width]</param>
    public void Apply(int epoch, int row, Span<float> image)
    {
        int pixels = shape.Width * shape.Height, stride = shape.Width + 3, framed = stride * (shape.Height + 3);
        float[] rented = ArrayPool<float>.Shared.Rent(2 * pixels + framed);
        Span<float> dx = rented.AsSpan(0, pixels), dy = rented.AsSpan(pixels, pixels);
        Span<float> frame = rented.AsSpan(2 * pixels, framed);
        rented.AsSpan(0, 2 * pixels + framed).Clear();
        for (int i = 0; i < augmentations.Length; i++)
            augmentations[i].Displace(shape,
                new RandomStream(seed, RandomStreams.Augmentation + (uint)i, (uint)epoch), (ulong)row << 24, dx, dy);
        // One pixel of nothing before, two after: no place a displacement may lead to needs a test.
        for (int y = 0; y < shape.Height; y++)
            image.Slice(y * shape.Width, shape.Width).CopyTo(frame[((y + 1) * stride + 1)..]);
        for (int y = 0, i = 0; y < shape.Height; y++)
            for (int x = 0; x < shape.Width; x++, i++)
            {
                float fromX = Math.Clamp(x + dx[i], -1, shape.Width), fromY = Math.Clamp(y + dy[i], -1, shape.Height);
                int left = (int)(fromX + 1) - 1, top = (int)(fromY + 1) - 1;
                float right = fromX - left, down = fromY - top;
                ReadOnlySpan<float> upper = frame.Slice((top + 1) * stride + left + 1, stride + 2);
                float above = upper[0] + right * (upper[1] - upper[0]);
                float below = upper[stride] + right * (upper[stride + 1] - upper[stride]);
                image[i] = above + down * (below - above);
            }
        ArrayPool<float>.Shared.Return(rented);
    }
}
