using CsCheck;
using Downhill.Tests.Catalogs;
using Xunit;

namespace Downhill.Tests.Data;

public sealed class AugmentationTests
{
    private static readonly ImageShape shape = new(19, 13);

    [Fact]
    public void WhatIsWrittenIsReadAgain() => Gen.OneOf([.. Augmentations.All.Select(RandomParameters.Of)]).Sample(
        item => item.Equals(Catalog.Default.Augmentation(item.ToString())));

    [Theory]
    [InlineData("affine(rotation=0,scale=0,shear=0,shift=0)")]
    [InlineData("elastic(alpha=0)")]
    public void NothingMovesNothing(string augmentation)
    {
        float[] image = Noise(1), before = [.. image];
        Distortion(augmentation).Apply(3, 5, image);
        Assert.Equal(before, image);
    }

    /// <summary>The place each pixel comes from, from the same draws by the formulas of the map in double.</summary>
    [Fact]
    public void AffineMapsAreThoseOfTheirFormula()
    {
        (double rotation, double scale, double shear, double shift) = (25, 0.3, 0.4, 3);
        RandomStream random = new(9, RandomStreams.Augmentation, 4);
        float[] dx = new float[shape.Width * shape.Height], dy = new float[dx.Length];
        ulong first = 77ul << 24;
        Augmentations.Affine(rotation, scale, shear, shift).Displace(shape, random, first, dx, dy);
        double[] u = [.. Enumerable.Range(0, 6).Select(i => 2 * random.Uniform(first + (ulong)i) - 1)];
        double a = u[0] * rotation * Math.PI / 180;
        for (int y = 0; y < shape.Height; y++)
            for (int x = 0; x < shape.Width; x++)
            {
                // Scale, then shear, then turn, about the middle; then shift.
                double px = (x - 9) * (1 + u[2] * scale), py = (y - 6) * (1 + u[3] * scale);
                px += u[1] * shear * py;
                double wantX = Math.Cos(a) * px - Math.Sin(a) * py + 9 + u[4] * shift;
                double wantY = Math.Sin(a) * px + Math.Cos(a) * py + 6 + u[5] * shift;
                Assert.Equal(wantX, x + dx[y * shape.Width + x], 1e-4);
                Assert.Equal(wantY, y + dy[y * shape.Width + x], 1e-4);
            }
    }

    [Theory]
    [InlineData(4, 34)]
    [InlineData(0.7, 5)]
    [InlineData(9, 100)]
    public void ElasticFieldsAreSmoothedNoise(double sigma, double alpha)
    {
        RandomStream random = new(2, RandomStreams.Augmentation, 1);
        (int w, int h) = (shape.Width, shape.Height);
        float[] dx = new float[w * h], dy = new float[w * h];
        Augmentations.Elastic(sigma, alpha).Displace(shape, random, 1ul << 24, dx, dy);
        int reach = (int)Math.Ceiling(3 * sigma);
        double total = Enumerable.Range(-reach, 2 * reach + 1).Sum(i => Bell(i));
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
            {
                double wantX = 0, wantY = 0;
                for (int v = Math.Max(0, y - reach); v <= Math.Min(h - 1, y + reach); v++)
                    for (int u = Math.Max(0, x - reach); u <= Math.Min(w - 1, x + reach); u++)
                    {
                        double weight = alpha * Bell(u - x) * Bell(v - y) / (total * total);
                        // Two pixels share a block of four words.
                        ulong block = (1ul << 24) + (ulong)(v * w + u / 2 * 2);
                        var (w0, w1, w2, w3) = random.Block(block);
                        wantX += weight * (int)(u % 2 == 0 ? w0 : w2) / 2147483648;
                        wantY += weight * (int)(u % 2 == 0 ? w1 : w3) / 2147483648;
                    }
                Assert.Equal(wantX, dx[y * w + x], 1e-4);
                Assert.Equal(wantY, dy[y * w + x], 1e-4);
            }

        double Bell(int i) => Math.Exp(-i * i / (2 * sigma * sigma));
    }

    /// <summary>A shift by known amounts, interpolated by hand; what comes from outside is 0.</summary>
    [Fact]
    public void PixelsAreInterpolatedBetweenTheirFourNeighbours()
    {
        float[] image = Noise(3), got = [.. image];
        RandomStream random = new(1, RandomStreams.Augmentation, 2);
        ulong first = 8ul << 24;
        double tx = 6 * (2 * random.Uniform(first + 4) - 1), ty = 6 * (2 * random.Uniform(first + 5) - 1);
        Distortion("affine(rotation=0,scale=0,shear=0,shift=6)").Apply(2, 8, got);
        for (int y = 0; y < shape.Height; y++)
            for (int x = 0; x < shape.Width; x++)
            {
                double fx = x + tx, fy = y + ty;
                int left = (int)Math.Floor(fx), top = (int)Math.Floor(fy);
                double r = fx - left, d = fy - top;
                double want = (1 - d) * ((1 - r) * At(left, top) + r * At(left + 1, top))
                    + d * ((1 - r) * At(left, top + 1) + r * At(left + 1, top + 1));
                Assert.Equal(want, got[y * shape.Width + x], 1e-4);
            }

        double At(int x, int y) =>
            x >= 0 && y >= 0 && x < shape.Width && y < shape.Height ? image[y * shape.Width + x] : 0;
    }

    [Fact]
    public void EachEpochAndRowHasItsOwnAndTheSameAgain()
    {
        ImageDistortion distortion = Distortion("affine,elastic");
        float[] Of(int epoch, int row)
        {
            float[] image = Noise(4);
            distortion.Apply(epoch, row, image);
            return image;
        }
        Assert.Equal(Of(1, 2), Of(1, 2));
        Assert.NotEqual(Of(1, 2), Of(2, 2));
        Assert.NotEqual(Of(1, 2), Of(1, 3));
    }

    [Fact]
    public void TheResultDoesNotDependOnThreads()
    {
        string[] hashes = [.. new[] { 1, 2, 3 }.Select(threads => Weights(Options() with { Threads = threads }))];
        Assert.Single(hashes.Distinct());
        Assert.NotEqual(hashes[0], Weights(Options() with { Augment = [] }));
    }

    [Fact]
    public void OnlyTrainingRowsAreDistorted()
    {
        FitResult fit = FitPlanOf(Options() with { TestShare = 0.3 });
        Dataset data = Dataset.Load("digits");
        Assert.Equal(fit.Test!.Loss, FitPlanOf(Options() with { TestShare = 0.3 }).Test!.Loss);
        Assert.Equal(fit.Train.Loss, fit.Model.Evaluate(data, Rows(data)).Loss);

        static int[] Rows(Dataset data) => FitPlan.Make(data, Options() with { TestShare = 0.3 }).Rows;
    }

    [Fact]
    public void ACheckpointKeepsThem()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "run.ckpt");
        Dataset data = Dataset.Load("digits");
        FitPlan plan = FitPlan.Make(data, Options() with { Epochs = 3 });
        using TrainSession<float> whole = plan.Start(), half = plan.Start();
        whole.Run();
        for (int i = 0; i < half.StepsPerEpoch + 5; i++) half.Step();
        Checkpoint.Save(path, plan, half);
        (FitPlan again, TrainSession<float> rest) = Checkpoint.Load(path, data);
        using (rest)
        {
            Assert.Equal(plan.Options.Augment, again.Options.Augment);
            rest.Run();
            Assert.True(whole.State.Parameters.Span.SequenceEqual(rest.State.Parameters.Span));
        }
    }

    [Theory]
    [InlineData("iris", "augmentation 'affine'", "pixels")]
    public void TablesAreRefused(string sample, params string[] says)
    {
        string message = Assert.Throws<DownhillException>(
            () => FitPlan.Make(Dataset.Load(sample), new() { Augment = [Augmentations.Affine()] }).Start()).Message;
        foreach (string part in says) Assert.Contains(part, message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void MethodsThatComparePassesAreRefused() =>
        Assert.Contains("augmentation", Assert.Throws<DownhillException>(
        () => FitPlan.Make(Dataset.Load("digits"), Options() with { Optimizer = Optimizers.Lbfgs() }).Start()).Message,
        StringComparison.Ordinal);

    [Fact]
    public void AStepAllocatesNothing()
    {
        using TrainSession<float> session = FitPlan.Make(
            Dataset.Load("digits"), Options() with { Threads = 1 }).Start();
        for (int i = 0; i < 20; i++) session.Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) session.Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static FitOptions Options() => new()
    {
        Hidden = [20], Epochs = 1, Augment = [Augmentations.Affine(), Augmentations.Elastic(1.5, 4)],
    };

    private static FitResult FitPlanOf(FitOptions options)
    {
        FitPlan plan = FitPlan.Make(Dataset.Load("digits"), options);
        using TrainSession<float> session = plan.Start();
        session.Run();
        return plan.Finish(session);
    }

    private static string Weights(FitOptions options) => FitPlanOf(options).Model.WeightsHash;

    private static ImageDistortion Distortion(string text) => new(
        [.. Catalog.Parts(text).Select(Catalog.Default.Augmentation)],
        new Dataset("images", [.. Enumerable.Range(1, shape.Width * shape.Height).Select(i => new Column($"x{i}"))],
            new Target([], []), [], [], [], [])
        { Image = shape }, seed: 1);

    private static float[] Noise(uint stream)
    {
        RandomStream random = new(5, stream);
        return [.. Enumerable.Range(0, shape.Width * shape.Height).Select(i => (float)random.Uniform((ulong)i))];
    }
}
