using System.Numerics;
using Downhill.Kernels;

namespace Downhill.Tests.Kernels;

public sealed unsafe class RuleKernelTests
{
    public static TheoryData<SimdWidth, Arithmetic> Combinations => Every.WidthAndArithmetic();

    [Theory, MemberData(nameof(Combinations))]
    public void ABlockIsUpdatedAsItsParametersOneByOneAndNothingBesideIt(SimdWidth width, Arithmetic arithmetic)
    {
        foreach (string rule in new[] { "gradient_descent", "momentum(0.9)", "adam", "amsgrad" })
        {
            foreach ((int rows, int columns) in new[] { (1, 1), (3, 5), (2, 16), (5, 17), (4, 33), (1, 70), (7, 64) })
            {
                foreach (bool hasFactors in new[] { false, true })
                {
                    Check<float>(rule, Kernels<float>.For(arithmetic, width), rows, columns, hasFactors);
                    Check<double>(rule, Kernels<double>.For(arithmetic, width), rows, columns, hasFactors);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Combinations))]
    public void OneGradientThatIsNotFiniteIsNoticedWhereverItIs(SimdWidth width, Arithmetic arithmetic)
    {
        RuleKernel<float> kernel = Optimizers.Momentum().Bind(Kernels<float>.For(arithmetic, width))!;
        double[] constants = new double[8];
        kernel.Prepare([0.9], new(1, 1, double.NaN, false), constants);
        float** slots = stackalloc float*[3];
        for (int at = 0; at < 37; at++)
        {
            foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                using GuardedMatrix<float> w = new(1, 37), g = new(1, 37), slot = new(1, 37);
                slots[0] = slot.Start;
                Assert.True(kernel.Update(w.Start, g.Start, slots, 37, constants, new(0.1, 1, 0, 0, 0)));
                g[0][at] = bad;
                Assert.False(kernel.Update(w.Start, g.Start, slots, 37, constants, new(0.1, 1, 0, 0, 0)));
            }
        }
    }

    [Theory, MemberData(nameof(Combinations))]
    public void AnUpdateWithinTheForwardPassIsBothOneAfterAnotherAndNothingBeside(
        SimdWidth width, Arithmetic arithmetic)
    {
        foreach (string rule in new[] { "gradient_descent", "momentum(0.9)", "adam", "amsgrad" })
        {
            foreach ((int inputs, int outputs) in new[] { (1, 1), (3, 5), (2, 16), (5, 17), (4, 33), (1, 70), (7, 64) })
            {
                CheckForward<float>(rule, Kernels<float>.For(arithmetic, width), arithmetic, inputs, outputs);
                CheckForward<double>(rule, Kernels<double>.For(arithmetic, width), arithmetic, inputs, outputs);
            }
        }
    }

    private static void CheckForward<T>(
        string text, Kernels<T> kernels, Arithmetic arithmetic, int inputs, int outputs)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Optimizer optimizer = Catalog.Default.Optimizer(text);
        RuleKernel<T> kernel = optimizer.Bind(kernels)!;
        double[] constants = new double[8];
        kernel.Prepare(optimizer.Arguments, new(3, 1, 1, false), constants);
        using GuardedMatrix<T> w = new(inputs, outputs, 0), one = new(inputs, outputs, 0);
        using GuardedMatrix<T> x = new(1, inputs, 0, 1), d = new(1, outputs, 0, 2), next = new(1, inputs, 0, 3);
        using GuardedMatrix<T> z = new(1, outputs, 0, 4), expected = new(1, outputs, 0, 4);
        GuardedMatrix<T>[] block = [.. Enumerable.Range(5, 3).Select(s => new GuardedMatrix<T>(inputs, outputs, 0, s))],
            single = [.. Enumerable.Range(5, 3).Select(s => new GuardedMatrix<T>(inputs, outputs, 0, s))];
        foreach (GuardedMatrix<T> slot in block.Concat(single))
        {
            for (int row = 0; row < inputs; row++) { foreach (ref T value in slot[row]) { value = T.Abs(value); } }
        }
        T** slots = stackalloc T*[3];
        for (int slot = 0; slot < optimizer.Slots; slot++) { slots[slot] = block[slot].Start; }
        kernel.UpdateForward(w.Start, slots, inputs, outputs, x.Start, d.Start, next.Start, z.Start, constants, 0.1,
            0.25);
        for (int i = 0; i < inputs; i++)
        {
            for (int o = 0; o < outputs; o++)
            {
                int at = (i * outputs) + o;
                for (int slot = 0; slot < optimizer.Slots; slot++) { slots[slot] = single[slot].Start + at; }
                T gradient = x[0][i] * d[0][o];
                kernel.Update(one.Start + at, &gradient, slots, 1, constants, new(0.1, 0.25, 0, 0, 0));
                T weight = one[i][o];
                expected[0][o] = arithmetic == Arithmetic.Fast
                    ? T.FusedMultiplyAdd(next[0][i], weight, expected[0][o]) : expected[0][o] + (next[0][i] * weight);
            }
        }
        string what = $"{text}, {inputs}×{outputs}";
        w.AssertSame(one, what);
        z.AssertSame(expected, what + ", z");
        for (int slot = 0; slot < 3; slot++)
        {
            block[slot].AssertSame(single[slot], $"{what}, slot {slot}");
            block[slot].Dispose();
            single[slot].Dispose();
        }
        x.AssertGuards(what + ", x");
        d.AssertGuards(what + ", d");
        next.AssertGuards(what + ", next");
    }

    private static void Check<T>(string text, Kernels<T> kernels, int rows, int columns, bool hasFactors)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Optimizer optimizer = Catalog.Default.Optimizer(text);
        RuleKernel<T> kernel = optimizer.Bind(kernels)!;
        double[] constants = new double[8];
        kernel.Prepare(optimizer.Arguments, new(3, 1, 1, false), constants);
        UpdateTerms terms = new(0.1, 0.25, 0.01, 0.001, 0.1);
        using GuardedMatrix<T> w = new(rows, columns), one = new(rows, columns), g = new(rows, columns, 2, 7);
        using GuardedMatrix<T> factors = new(rows, columns, 3, 9);
        GuardedMatrix<T>[] block = [new(rows, columns, 3, 1), new(rows, columns, 3, 2), new(rows, columns, 3, 3)];
        GuardedMatrix<T>[] single = [new(rows, columns, 3, 1), new(rows, columns, 3, 2), new(rows, columns, 3, 3)];
        foreach (GuardedMatrix<T> slot in block.Concat(single))
        {
            for (int row = 0; row < rows; row++) { foreach (ref T value in slot[row]) { value = T.Abs(value); } }
        }
        T** slots = stackalloc T*[3];
        for (int slot = 0; slot < optimizer.Slots; slot++) { slots[slot] = block[slot].Start; }
        Assert.True(kernel.Update(w.Start, slots, hasFactors ? factors.Start : null, w.Stride, g.Start, g.Stride, rows,
            columns, constants, terms));
        for (int i = 0; i < rows * w.Stride; i++)
        {
            if (i % w.Stride >= columns) { continue; }
            for (int slot = 0; slot < optimizer.Slots; slot++) { slots[slot] = single[slot].Start + i; }
            T* gradient = g.Start + (i / w.Stride * g.Stride) + (i % w.Stride);
            kernel.Update(one.Start + i, gradient, slots, 1, constants, terms, hasFactors ? factors.Start + i : null);
        }
        w.AssertSame(one, text);
        for (int slot = 0; slot < 3; slot++)
        {
            block[slot].AssertSame(single[slot], $"{text}, slot {slot}");
            block[slot].Dispose();
            single[slot].Dispose();
        }
        g.AssertGuards(text);
    }
}
