using BenchmarkDotNet.Attributes;
using Downhill.Kernels;

namespace Downhill.Bench.Micro;

/// <summary>The three matrix products of a dense layer beside their naive form, on shapes of the workloads.</summary>
[CategoriesColumn]
[GroupBenchmarksBy(BenchmarkDotNet.Configs.BenchmarkLogicalGroupRule.ByCategory)]
public unsafe class ProductBenchmarks
{
    private readonly Kernels<float> kernels = Kernels<float>.For(Arithmetic.Fast);
    private AlignedBuffer<float> x = null!, w = null!, dz = null!, result = null!;
    private int rows, inner, columns;

    /// <summary>Rows × inputs × outputs.</summary>
    [Params("32x13x64", "32x64x64", "64x784x128", "64x784x800", "128x1000x500", "1x784x128")]
    public string Shape { get; set; } = "";

    [GlobalSetup]
    public void Make()
    {
        int[] sizes = [.. Shape.Split('x').Select(int.Parse)];
        (rows, inner, columns) = (sizes[0], sizes[1], sizes[2]);
        (x, w, dz) = (Numbers.Buffer(rows * inner), Numbers.Buffer(inner * columns), Numbers.Buffer(rows * columns));
        result = new(Math.Max(inner * columns, rows * Math.Max(inner, columns)));
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Y = X·W")]
    public void NaiveForward() => NaiveGemm<Scalar<float, Fused>, float>.Forward(
        x.Pointer, inner, w.Pointer, columns, null, result.Pointer, columns, rows, inner, columns);

    [Benchmark, BenchmarkCategory("Y = X·W")]
    public void Forward() => kernels.Forward(
        x.Pointer, inner, w.Pointer, columns, null, result.Pointer, columns, rows, inner, columns);

    [Benchmark(Baseline = true), BenchmarkCategory("dW = Xᵀ·dZ")]
    public void NaiveWeightGradient() => NaiveGemm<Scalar<float, Fused>, float>.WeightGradient(
        x.Pointer, inner, dz.Pointer, columns, result.Pointer, columns, rows, inner, columns, accumulate: false);

    [Benchmark, BenchmarkCategory("dW = Xᵀ·dZ")]
    public void WeightGradient() => kernels.WeightGradient(
        x.Pointer, inner, dz.Pointer, columns, result.Pointer, columns, rows, inner, columns, accumulate: false);

    [Benchmark(Baseline = true), BenchmarkCategory("dX = dZ·Wᵀ")]
    public void NaiveInputGradient() => NaiveGemm<Scalar<float, Fused>, float>.InputGradient(
        dz.Pointer, columns, w.Pointer, columns, result.Pointer, inner, rows, inner, columns);

    [Benchmark, BenchmarkCategory("dX = dZ·Wᵀ")]
    public void InputGradient() => kernels.InputGradient(
        dz.Pointer, columns, w.Pointer, columns, result.Pointer, inner, rows, inner, columns);
}
