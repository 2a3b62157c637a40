using System.Globalization;
using System.Text.Json;
using Downhill.Tests.Training;

namespace Downhill.Tests.UpdateRules;

/// <summary>Whole networks trained by PyTorch in double (eng/goldens/networks.py): loss of each step, last gradient,
/// weights.</summary>
public sealed class NetworkGoldenTests
{
    private const int Rows = 37, Inputs = 5, Hidden = 7, Outputs = 3;

    public static IEnumerable<TheoryDataRow<string>> Names() =>
        RuleBench.Goldens("networks").Keys.Select(name => new TheoryDataRow<string>(name));

    private static Dataset Data(bool isClass)
    {
        float[] x = new float[Rows * Inputs], y = new float[isClass ? 0 : Rows * Outputs];
        int[] classes = new int[isClass ? Rows : 0];
        for (int r = 0; r < Rows; r++)
        {
            for (int c = 0; c < Inputs; c++) x[r * Inputs + c] = ((7 * r + 13 * c + r * r) % 17 - 8) / 8f;
            if (isClass) classes[r] = (5 * r + r * r / 3) % Outputs;
            else for (int o = 0; o < Outputs; o++) y[r * Outputs + o] = ((3 * r + 5 * o + r * r) % 13 - 6) / 8f;
        }
        return new("formula", Runs.Columns(Inputs),
            isClass ? new(["class"], ["a", "b", "c"]) : new(["y1", "y2", "y3"], []), x, [], classes, y);
    }

    [Theory, MemberData(nameof(Names))]
    public void Training_is_that_of_PyTorch(string name)
    {
        JsonElement golden = RuleBench.Goldens("networks")[name];
        string[] words = name.Split(' ');
        bool isClass = words[1] == "cross_entropy";
        NetworkSpec spec = new(Inputs, new Dense(Hidden, Catalog.Default.Activation(words[0])),
            new Dense(Outputs, isClass ? Activations.Softmax : Activations.Identity));
        using TrainSession<double> session = Runs.Start<double>(Data(isClass), spec, new()
        {
            Loss = Catalog.Default.Loss(words[1]), Optimizer = Catalog.Default.Optimizer(words[2]),
            LearningRate = double.Parse(words[3][3..], CultureInfo.InvariantCulture),
            Batch = 8, Shuffle = false, Epochs = 5, Threads = 1,
        });
        int k = 0;
        foreach (Segment segment in spec.Segments)
            for (int i = 0; i < segment.Length; i++, k++)
                session.State.Parameters.Span[segment.Offset + i] = ((11 * k + 3) % 23 - 11) / 32.0;
        session.Restart();

        double[] losses = Numbers(golden.GetProperty("losses"));
        Assert.Equal(25, losses.Length);
        int rows = 0;
        foreach (double loss in losses)
        {
            StepReport report = session.Step();
            Assert.Equal(loss, report.Loss, 1e-12);
            rows = report.Rows;
        }
        Assert.NotNull(session.Stopped);
        Assert.Equal(Rows % 8, rows);
        Close(Numbers(golden.GetProperty("parameters")), Runs.Weights(session));
        // The state keeps sums over the last batch; PyTorch has means.
        double[] gradient = [.. spec.Segments.SelectMany(s =>
            session.State.Gradient.Span.Slice(s.Offset, s.Length).ToArray()).Select(g => g / rows)];
        Close(Numbers(golden.GetProperty("gradient")), gradient);
    }

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetDouble())];

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-11);
    }
}
