using Downhill.Kernels;
using Downhill.Threading;

namespace Downhill.Cli.Bench;

/// <summary>The most multiply-adds that the processor can do, on registers alone.</summary>
internal sealed class PeakRun : BenchRun
{
    private const long Rounds = 20_000;

    /// <summary>The widths worth a peak: 256 bits and up, or the widest where it is less.</summary>
    public static IReadOnlyList<SimdWidth> Widths { get; } =
        SimdWidths.Supported[^1] < SimdWidth.Bits256 ? [SimdWidths.Supported[^1]]
        : [.. SimdWidths.Supported.Where(w => w >= SimdWidth.Bits256)];

    private readonly Team team;
    private readonly double operations; // of one thread in one call
    private Job job;

    public PeakRun(SimdWidth width, int threads)
    {
        Kernels<float> kernels = Kernels<float>.For(Arithmetic.Fast, width);
        team = new Team(threads);
        job = new(kernels);
        operations = 2.0 * Kernels<float>.PeakChains * kernels.Count * Rounds;
    }

    /// <summary>Floating-point operations done.</summary>
    public override long Repeat(int times)
    {
        for (int i = 0; i < times; i++) team.Run(ref job);
        return (long)(times * operations * team.Size);
    }

    public override void Dispose() => team.Dispose();

    private readonly struct Job(Kernels<float> kernels) : IJob
    {
        public void Execute(int part, int parts)
        {
            if (float.IsNaN(kernels.MultiplyAddChains(Rounds)))
                throw new InvalidOperationException("The peak kernel computes nonsense.");
        }
    }
}
