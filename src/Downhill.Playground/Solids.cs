using Downhill.Kernels;

namespace Downhill.Playground;

/// <summary>Made points of three inputs and two classes, the classes by turns.</summary>
internal static class Solids
{
    // Point i draws its numbers at 8i … 8i+7, as in the plane sets.
    private const ulong Draws = 8;

    /// <summary>Class 1 inside radius 2, class 0 in a shell from 3 to 4.5; noise moves each number by up to
    /// it.</summary>
    public static Dataset Ball(Settings settings) => Points("ball", settings, (random, at, label) =>
    {
        double z = random.Uniform(at + 1, -1, 1), angle = random.Uniform(at + 2, 0, 2 * Math.PI);
        // The cube root spreads points evenly over the volume.
        double share = random.Uniform(at), inner = label == 1 ? 0 : 3, outer = label == 1 ? 2 : 4.5;
        double radius = PortableMath.Pow(
            inner * inner * inner + share * (outer * outer * outer - inner * inner * inner), 1.0 / 3);
        double ring = Math.Sqrt(1 - z * z);
        return (radius * ring * PortableMath.Cos(angle), radius * ring * PortableMath.Sin(angle), radius * z);
    });

    /// <summary>Two strands of radius 2 around the third axis, one and a half turns, from −4 to 4.</summary>
    public static Dataset Helix(Settings settings) => Points("helix", settings, (random, at, label) =>
    {
        double t = random.Uniform(at, -1, 1), angle = 1.5 * Math.PI * t + Math.PI * label;
        return (2 * PortableMath.Cos(angle) + random.Uniform(at + 1, -0.4, 0.4),
            2 * PortableMath.Sin(angle) + random.Uniform(at + 2, -0.4, 0.4), 4 * t);
    });

    private static Dataset Points(string name, Settings settings,
        Func<RandomStream, ulong, int, (double X, double Y, double Z)> point)
    {
        RandomStream random = new((ulong)settings.Seed, RandomStreams.Data);
        float[] numeric = new float[3 * settings.Rows];
        int[] classes = new int[settings.Rows];
        for (int row = 0; row < settings.Rows; row++)
        {
            ulong at = Draws * (ulong)row;
            classes[row] = row % 2;
            (double x, double y, double z) = point(random, at, classes[row]);
            double[] places = [x, y, z];
            for (int axis = 0; axis < 3; axis++)
                numeric[3 * row + axis] = (float)(
                    places[axis] + settings.Noise * random.Uniform(at + 4 + (ulong)axis, -1, 1));
        }
        return new(name, [new("x1"), new("x2"), new("x3")], new(["class"], ["0", "1"]), numeric, [], classes, []);
    }
}
