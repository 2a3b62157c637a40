using BenchmarkDotNet.Attributes;
using Downhill.Kernels;

namespace Downhill.Bench.Micro;

/// <summary>
/// What is done to each element of a layer, at the widest vectors beside one element at a time: the same source, so the
/// same bits.
/// </summary>
[CategoriesColumn]
[GroupBenchmarksBy(BenchmarkDotNet.Configs.BenchmarkLogicalGroupRule.ByCategory)]
public unsafe class ElementBenchmarks
{
    private const int Rows = 64, Columns = 128, Length = Rows * Columns;

    private readonly Kernels<float> wide = Kernels<float>.For(Arithmetic.Fast);
    private readonly Kernels<float> scalar = Kernels<float>.For(Arithmetic.Fast, SimdWidth.Scalar);
    private readonly AlignedBuffer<float> z = Numbers.Buffer(Length), y = new(Length), targets = new(Length);
    private readonly AlignedBuffer<float> gradient = Numbers.Buffer(Length, 1), velocity = new(Length);
    private readonly AlignedBuffer<double> losses = new(Rows);
    private readonly double[] constants = new double[8];
    private ActivationKernel<float> tanh = null!, scalarTanh = null!, softmax = null!, scalarSoftmax = null!;
    private LossKernel<float> loss = null!, scalarLoss = null!;
    private RuleKernel<float> momentum = null!, scalarMomentum = null!;

    [GlobalSetup]
    public void Bind()
    {
        for (int row = 0; row < Rows; row++) targets.Span[row * Columns + row] = 1;
        (tanh, scalarTanh) = (Activations.Tanh.Bind(wide), Activations.Tanh.Bind(scalar));
        (softmax, scalarSoftmax) = (Activations.Softmax.Bind(wide), Activations.Softmax.Bind(scalar));
        loss = Losses.CrossEntropy.BindFused(wide, Activations.Softmax);
        scalarLoss = Losses.CrossEntropy.BindFused(scalar, Activations.Softmax);
        (momentum, scalarMomentum) = (Optimizers.Momentum().Bind(wide)!, Optimizers.Momentum().Bind(scalar)!);
        momentum.Prepare([0.9], new RuleStep(1, 1, double.NaN, false), constants);
    }

    [Benchmark(Baseline = true), BenchmarkCategory("tanh")]
    public void ScalarTanh() => scalarTanh.Forward(z.Pointer, y.Pointer, Rows, Columns);

    [Benchmark, BenchmarkCategory("tanh")]
    public void Tanh() => tanh.Forward(z.Pointer, y.Pointer, Rows, Columns);

    [Benchmark(Baseline = true), BenchmarkCategory("softmax")]
    public void ScalarSoftmax() => scalarSoftmax.Forward(z.Pointer, y.Pointer, Rows, Columns);

    [Benchmark, BenchmarkCategory("softmax")]
    public void Softmax() => softmax.Forward(z.Pointer, y.Pointer, Rows, Columns);

    [Benchmark(Baseline = true), BenchmarkCategory("cross-entropy of scores")]
    public void ScalarCrossEntropy() => scalarLoss.Evaluate(
        z.Pointer, targets.Pointer, null, losses.Pointer, y.Pointer, Rows, Columns);

    [Benchmark, BenchmarkCategory("cross-entropy of scores")]
    public void CrossEntropy() => loss.Evaluate(
        z.Pointer, targets.Pointer, null, losses.Pointer, y.Pointer, Rows, Columns);

    [Benchmark(Baseline = true), BenchmarkCategory("momentum update")]
    public bool ScalarMomentum() => Update(scalarMomentum);

    [Benchmark, BenchmarkCategory("momentum update")]
    public bool Momentum() => Update(momentum);

    private bool Update(RuleKernel<float> rule)
    {
        float** slots = stackalloc float*[3];
        slots[0] = velocity.Pointer;
        slots[1] = slots[2] = null;
        // A rate of 0: the numbers stay in range however often this runs.
        return rule.Update(y.Pointer, gradient.Pointer, slots, Length, constants, new UpdateTerms(0, 1, 0, 0, 0));
    }
}
