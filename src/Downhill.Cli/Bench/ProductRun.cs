using Downhill.Kernels;
using Downhill.Threading;

namespace Downhill.Cli.Bench;

/// <summary>One of the three products of a dense layer on square matrices, its rows shared by a team as a layer does
/// it.</summary>
internal sealed class ProductRun : BenchRun
{
    private readonly Team team;
    private Job job;

    public ProductRun(Workload workload, int threads)
    {
        team = new Team(threads);
        job = new(workload.Form, workload.Size);
    }

    public override long Repeat(int times)
    {
        for (int i = 0; i < times; i++) team.Run(ref job);
        return times;
    }

    public override void Dispose() => team.Dispose();

    private readonly unsafe struct Job : IJob
    {
        private readonly Kernels<float> kernels = Kernels<float>.For(Arithmetic.Fast);
        private readonly ProductForm form;
        private readonly int size;
        private readonly AlignedBuffer<float> a, b, c;

        public Job(ProductForm form, int size)
        {
            (this.form, this.size) = (form, size);
            (a, b, c) = (new(size * size), new(size * size), new(size * size));
            RandomStream numbers = new(1, RandomStreams.Split);
            for (int i = 0; i < size * size; i++)
            {
                a.Span[i] = (float)numbers.Uniform((ulong)i, -1, 1);
                b.Span[i] = (float)numbers.Uniform((ulong)(size * size + i), -1, 1);
            }
        }

        public void Execute(int part, int parts)
        {
            (int first, int count) = Team.Part(size, part, parts, 16).GetOffsetAndLength(size);
            if (count == 0) return;
            float* x = a.Pointer, w = b.Pointer, y = c.Pointer + (long)first * size;
            switch (form)
            {
                case ProductForm.Forward:
                    kernels.Forward(x + (long)first * size, size, w, size, null, y, size, count, size, size);
                    break;
                case ProductForm.WeightGradient:
                    kernels.WeightGradient(x + first, size, w, size, y, size, size, count, size, accumulate: false);
                    break;
                default:
                    x += (long)first * size;
                    kernels.InputGradient(x, size, b.Pointer, size, y, size, count, size, size);
                    break;
            }
        }
    }
}
