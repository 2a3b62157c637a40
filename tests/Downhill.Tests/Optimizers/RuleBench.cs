using System.Text.Json;
using Downhill.Kernels;
using Downhill.Tests.Architecture;

namespace Downhill.Tests.UpdateRules;

/// <summary>One update rule on six parameters in double, with gradients that turn, meet and vanish; the same as in
/// eng/goldens/rules.py.</summary>
internal static unsafe class RuleBench
{
    public const int Count = 6, Steps = 20;

    public static double Start(int i) => 0.8 - 0.35 * i;

    public static double Gradient(double w, int i, int step) =>
        w * (0.5 + 0.25 * i) - 0.3 * (i - 2) + 0.1 * ((7 * i + 3 * step) % 5 - 2);

    /// <summary>A cost that rises and falls, for the rules that look at it.</summary>
    public static double Cost(int step) => 5 * step % 7;

    /// <summary>The parameters [step, i] after each step.</summary>
    /// <param name="optimizer">The rule.</param>
    /// <param name="rate">η of each step.</param>
    /// <param name="arguments">The rule's numbers at each step, null for its own.</param>
    public static double[,] Run(Optimizer optimizer, Func<int, double> rate, Func<int, double[]>? arguments = null)
    {
        RuleKernel<double> kernel = optimizer.Bind(Kernels<double>.For(Arithmetic.Portable))!;
        AlignedBuffer<double> w = new(16), g = new(16);
        AlignedBuffer<double>[] slots = [.. Enumerable.Range(0, 3).Select(_ => new AlignedBuffer<double>(16))];
        double** pointers = stackalloc double*[3];
        for (int slot = 0; slot < optimizer.Slots; slot++)
        {
            slots[slot].Span.Fill(optimizer.InitialSlot(slot));
            pointers[slot] = slots[slot].Pointer;
        }
        for (int i = 0; i < Count; i++) w.Span[i] = Start(i);
        double[,] path = new double[Steps, Count];
        double[] constants = new double[8];
        for (int step = 1; step <= Steps; step++)
        {
            for (int i = 0; i < Count; i++) g.Span[i] = Gradient(w.Span[i], i, step);
            RuleStep moment = new(step, Cost(step), step == 1 ? double.NaN : Cost(step - 1), IsFullBatch: true);
            kernel.Prepare(arguments is null ? optimizer.Arguments : arguments(step), moment, constants);
            UpdateTerms terms = new(rate(step), 1, 0, 0, optimizer.DefaultWeightDecay);
            Assert.True(kernel.Update(w.Pointer, g.Pointer, pointers, Count, constants, terms));
            for (int i = 0; i < Count; i++) path[step - 1, i] = w.Span[i];
        }
        return path;
    }

    public static Dictionary<string, JsonElement> Goldens(string file) =>
        JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(
        Repository.Text($"tests/Downhill.Tests/Optimizers/goldens/{file}.json"))!;
}
