using System.Numerics;
using System.Text.Json;
using Downhill.Graph;
using Downhill.Tests.Training;

namespace Downhill.Tests.Models;

/// <summary>The compiled predictor answers as the network itself does, from any thread, and allocates nothing.</summary>
public sealed class PredictorTests
{
    /// <summary>A model with random weights and biases, not trained: what matters is the arithmetic.</summary>
    private static Model Make(Dataset data, NetworkSpec spec, Preparation preparation, Arithmetic arithmetic = Arithmetic.Fast)
    {
        AlignedBuffer<float> parameters = new(spec.ParameterLength), buffers = new(spec.BufferLength);
        using Network<float> network = new(spec);
        network.Initialize(parameters, buffers, 5);
        RandomStream random = new(8, RandomStreams.Data);
        foreach (Segment segment in spec.Segments.Where(s => s.Shape.Role != SegmentRole.Weight))
            for (int i = 0; i < segment.Length; i++) parameters.Span[segment.Offset + i] += 0.3f * (float)random.Normal((ulong)(segment.Offset + i));
        for (int i = 0; i < spec.BufferLength; i++) buffers.Span[i] = 0.5f + (float)random.Uniform((ulong)(1_000_000 + i));
        Loss loss = spec.Output.Range.SumsToOne ? Losses.CrossEntropy : Losses.MeanSquaredError;
        return new(spec, preparation, loss, parameters, buffers, arithmetic);
    }

    /// <summary>Every row by the predictor and by the batch path.</summary>
    private static void Same(Model model, Dataset data)
    {
        Predictor predictor = model.CreatePredictor();
        Preparation preparation = model.Preparation;
        float[] outputs = new float[preparation.Outputs];
        int n = preparation.NumericCount, c = preparation.CategoryCount;
        model.Evaluate(data, each: (row, _, expected) =>
        {
            int answer = predictor.Predict(data.Numeric.AsSpan(row * n, n), outputs, data.Codes.AsSpan(row * c, c));
            Assert.Equal(preparation.Target.IsClass ? preparation.ClassOf<float>(outputs) : -1, answer);
            for (int o = 0; o < outputs.Length; o++)
            {
                double wanted = preparation.Target.IsClass ? expected[o] : preparation.ValueOf(expected[o], o);
                double scale = preparation.Target.IsClass ? 1 : preparation.TargetScale[o];
                Assert.Equal(wanted, outputs[o], 3e-6 * scale * (1 + Math.Abs(wanted / scale)));
            }
        });
    }

    public static TheoryData<string> ActivationNames { get; } = [.. Activations.All.Select(a => a.Name)];

    [Theory, MemberData(nameof(ActivationNames))]
    public void Every_activation(string name)
    {
        Activation activation = Catalog.Default.Activation(name);
        Activation hidden = activation.IsElementwise ? activation : Activations.Tanh;
        Dataset data = Runs.Classes(40, 5, 3);
        foreach (Arithmetic arithmetic in (Arithmetic[])[Arithmetic.Fast, Arithmetic.Portable])
            Same(Make(data, new(5, new Dense(7, hidden), new Dense(3, activation)), Runs.Plain(data), arithmetic), data);
    }

    [Theory]
    [InlineData("1-1")]
    [InlineData("2-3-1")]
    [InlineData("13-64-64-3")]
    [InlineData("5-16-33-2")]
    [InlineData("64-48-17-4")]
    [InlineData("31-100-80-1")]
    [InlineData("6-129-130-131-7")]
    [InlineData("3-6000-2")]
    [InlineData("9000-4-2")]
    public void Every_shape(string shape)
    {
        NetworkSpec spec = NetworkSpec.Parse(shape);
        Dataset data = Runs.Numbers(9, spec.Inputs, spec.Outputs);
        Same(Make(data, spec, Runs.Plain(data)), data);
    }

    [Fact]
    public void Forward_scale()
    {
        Dataset data = Runs.Classes(40, 6, 3);
        NetworkSpec spec = new(6,
            new Dense(19, Activations.Tanh) { ForwardScale = ForwardScale.LeCun, Connections = Runs.Mask(6, 19) },
            new Dense(3, Activations.Softmax) { ForwardScale = ForwardScale.LeCun });
        Same(Make(data, spec, Runs.Plain(data)), data);
    }

    [Fact]
    public void A_layer_that_only_its_user_knows()
    {
        Dataset data = Runs.Classes(40, 6, 3);
        NetworkSpec spec = new(6, new Halving(), new Dense(3, Activations.Softmax));
        Same(Make(data, spec, Runs.Plain(data)), data);
    }

    [Fact]
    public void Batch_norm_dropout_masks_and_layers_without_biases()
    {
        Dataset data = Runs.Classes(40, 6, 3);
        NetworkSpec spec = new(6, new Dense(19, Activations.Identity) { Connections = Runs.Mask(6, 19) }, new BatchNorm(Activations.Relu), new Dropout(0.5),
            new Dense(33, Activations.Tanh) { HasBias = false, ForwardScale = ForwardScale.LeCun }, new BatchNorm(Activations.Identity), new Dense(3, Activations.Softmax));
        Same(Make(data, spec, Runs.Plain(data)), data);
    }

    [Fact]
    public void Categories_and_scaled_inputs()
    {
        const int Rows = 30;
        RandomStream random = new(3, RandomStreams.Data);
        Dataset data = new("mixed", [new("a"), new("b", ColumnKind.Category, ["x", "y", "z"]), new("c")], new(["t"], ["no", "yes"]),
            [.. Enumerable.Range(0, 2 * Rows).Select(i => 100 + 7 * (float)random.Normal((ulong)i))], [.. Enumerable.Range(0, Rows).Select(i => i % 4 - 1)],
            [.. Enumerable.Range(0, Rows).Select(i => i % 2)], []);
        foreach (bool single in (bool[])[false, true])
        {
            Preparation preparation = Preparation.Fit(data, Runs.All(data), Scaling.Standard, singleOutput: single);
            Same(Make(data, new(5, new Dense(4, Activations.Tanh), new Dense(preparation.Outputs, single ? Activations.Sigmoid() : Activations.Softmax)), preparation), data);
        }
    }

    [Fact]
    public void Numbers_come_in_their_own_units()
    {
        Dataset data = Runs.Numbers(50, 4, 3);
        for (int i = 0; i < data.Values.Length; i++) data.Values[i] = 1000 + 50 * data.Values[i];
        Preparation preparation = Preparation.Fit(data, Runs.All(data), Scaling.Standard);
        Same(Make(data, new(4, new Dense(8, Activations.Tanh), new Dense(3, Activations.Identity)), preparation), data);
    }

    [Fact]
    public void Many_threads_share_one_predictor()
    {
        Dataset data = Runs.Classes(64, 8, 4);
        Predictor predictor = Make(data, NetworkSpec.Parse("8-40-40-4", Activations.Relu, Activations.Softmax), Runs.Plain(data)).CreatePredictor();
        float[][] alone = [.. Enumerable.Range(0, data.Rows).Select(Answer)];
        int wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                int row = (i * 7 + t) % data.Rows;
                if (!Answer(row).AsSpan().SequenceEqual(alone[row])) Interlocked.Increment(ref wrong);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(0, wrong);

        float[] Answer(int row)
        {
            float[] outputs = new float[4];
            predictor.Predict(data.Numeric.AsSpan(row * 8, 8), outputs);
            return outputs;
        }
    }

    [Theory]
    [InlineData("13-64-64-3")]
    [InlineData("784-128-10")]
    [InlineData("13-7000-3")]
    public void A_call_allocates_nothing(string shape)
    {
        NetworkSpec spec = NetworkSpec.Parse(shape, Activations.Relu, Activations.Softmax);
        Dataset data = Runs.Classes(20, spec.Inputs, spec.Outputs);
        Predictor predictor = Make(data, spec, Preparation.Fit(data, Runs.All(data), Scaling.Standard)).CreatePredictor();
        float[] outputs = new float[spec.Outputs];
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 40; i++) predictor.Predict(data.Numeric.AsSpan(0, spec.Inputs), outputs);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        Dataset data = Runs.Classes(20, 3, 2);
        Predictor predictor = Make(data, NetworkSpec.Parse("3-2", output: Activations.Softmax), Runs.Plain(data)).CreatePredictor();
        Assert.Contains("3 numbers", Assert.Throws<DownhillException>(() => predictor.Predict([1, 2], new float[2])).Message, StringComparison.Ordinal);
        Assert.Contains("room for 2", Assert.Throws<DownhillException>(() => predictor.Predict([1, 2, 3], new float[3])).Message, StringComparison.Ordinal);
    }

    /// <summary>y = x/2.</summary>
    private sealed record Halving : Layer
    {
        public override string Kind => "halving";
        public override int Outputs(int inputs) => inputs;
        public override IReadOnlyList<ParameterShape> Parameters(int inputs) => [];
        public override Expr Define(Expr x, IReadOnlyList<Expr> parameters, ReadOnlySpan<double> buffers) => 0.5 * x;
        public override string Describe(int inputs) => "Halving";
        public override BoundLayer<T> Bind<T>(in LayerPlace place) => new Bound<T>(place.Inputs);
        public override void Write(Utf8JsonWriter json) { }

        private sealed class Bound<T>(int inputs) : BoundLayer<T>(inputs, inputs)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public override void Forward(in LayerPass<T> pass)
            {
                for (int i = 0; i < InputOf(pass).Length; i++) OutputOf(pass)[i] = InputOf(pass)[i] / T.CreateChecked(2);
            }

            public override void Backward(in LayerPass<T> pass) => throw new NotSupportedException();
        }
    }
}
