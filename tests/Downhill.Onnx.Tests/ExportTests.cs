using Downhill.Docs.Tests.Recipes;
using Downhill.Onnx.Schema;

namespace Downhill.Onnx.Tests;

/// <summary>What is exported gives the same answers in ONNX Runtime.</summary>
public sealed class ExportTests
{
    public static TheoryData<int> Decades { get; } = new(Enumerable.Range(0, 20));

    [Theory, MemberData(nameof(Decades))]
    public void RandomModelsGiveTheSameAnswersInOnnxRuntime(int decade)
    {
        for (int seed = 10 * decade; seed < 10 * decade + 10; seed++)
        {
            Model model = RandomModels.Make(seed);
            (float[] Numeric, int[] Codes)[] rows = RandomModels.Rows(model, 9, seed);
            foreach (OnnxInputs inputs in (OnnxInputs[])[OnnxInputs.Columns, OnnxInputs.Tensor])
            {
                (string[]? labels, float[][] numbers) =
                    OnnxRuntime.Run(OnnxExport.ToBytes(model, new() { Inputs = inputs }), model.Preparation, rows);
                for (int r = 0; r < rows.Length; r++) Answers.AssertSame(
                    model, rows[r], labels?[r], numbers[r], $"seed {seed}, {inputs}, row {r}");
            }
        }
    }

    /// <summary>What the model refuses, a gap where training had none, is NaN through every layer.</summary>
    [Fact]
    public void ARefusedGapIsNaNInOnnxRuntime()
    {
        int asked = 0;
        for (int seed = 0; seed < 80; seed++)
        {
            Model model = RandomModels.Make(seed);
            (float[], int[])[] rows = Answers.WithRefusedGap(model, RandomModels.Rows(model, 1, seed)[0]);
            if (rows.Length == 0) continue;
            asked++;
            foreach (OnnxInputs inputs in (OnnxInputs[])[OnnxInputs.Columns, OnnxInputs.Tensor])
            {
                (_, float[][] numbers) =
                    OnnxRuntime.Run(OnnxExport.ToBytes(model, new() { Inputs = inputs }), model.Preparation, rows);
                Answers.AssertSame(model, rows[0], null, numbers[0], $"seed {seed}, {inputs}");
            }
        }
        Assert.InRange(asked, 40, 80);
    }

    [Fact]
    public void DatesGiveTheSameAnswersInOnnxRuntime()
    {
        DatedTable dated = DatedTable.Fitted.Value;
        foreach (OnnxInputs inputs in (OnnxInputs[])[OnnxInputs.Columns, OnnxInputs.Tensor])
        {
            (string[]? labels, float[][] numbers) = OnnxRuntime.Run(
                OnnxExport.ToBytes(dated.Model, new() { Inputs = inputs }), dated.Model.Preparation, dated.Rows);
            for (int r = 0; r < dated.Rows.Length; r++)
                Answers.AssertSame(dated.Model, dated.Rows[r], labels![r], numbers[r], $"{inputs}, row {r}");
        }
    }

    [Fact]
    public void TheFileSaysWhatItIs()
    {
        FitResult fit = Model.Fit(Dataset.Load("iris"), new() { Hidden = [4], Epochs = 3 });
        ModelProto file = ModelProto.Parser.ParseFrom(OnnxExport.ToBytes(fit.Model, new() { Name = "iris" }));
        Assert.Equal((10, "Downhill", "iris"), (file.IrVersion, file.ProducerName, file.Graph.Name));
        Assert.InRange(Assert.Single(file.OpsetImport).Version, 1, 21);
        Dictionary<string, string> metadata = file.MetadataProps.ToDictionary(p => p.Key, p => p.Value);
        Assert.Equal("""["setosa","versicolor","virginica"]""", metadata["downhill.classes"]);
        Assert.Equal("""["sepal_length","sepal_width","petal_length","petal_width"]""", metadata["downhill.columns"]);
        Assert.Equal(fit.Model.WeightsHash, metadata["downhill.weights_sha256"]);
        Assert.Equal(["input"], file.Graph.Input.Select(i => i.Name));
        Assert.Equal(["label", "probabilities"], file.Graph.Output.Select(o => o.Name));
        Assert.Equal(["Sub", "Mul", "Gemm", "Relu", "Gemm", "Softmax", "ArgMax", "Gather"],
            file.Graph.Node.Select(n => n.OpType));
    }

    /// <summary>Several outputs keep their names, through ONNX Runtime and back.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void SeveralTargetsKeepTheirNames(bool areLabels)
    {
        Dataset iris = Dataset.Load("iris");
        float[] values = [.. Enumerable.Range(0, iris.Rows).SelectMany(r => areLabels
            ? (float[])[iris.Classes[r] > 0 ? 1 : 0, iris.Numeric[4 * r] > 6 ? 1 : 0]
            : [iris.Classes[r] * 3 + 1, 100 * iris.Numeric[4 * r]])];
        Dataset data = new("two", iris.Inputs, new(["showy", "long"], []) { IsMultiLabel = areLabels }, iris.Numeric,
            [],
            [], values);
        Model model = Model.Fit(data, new() { Hidden = [4], Epochs = 5 }).Model;
        byte[] bytes = OnnxExport.ToBytes(model);
        ModelProto file = ModelProto.Parser.ParseFrom(bytes);
        Assert.Equal([areLabels ? "probabilities" : "values"], file.Graph.Output.Select(o => o.Name));
        Assert.Contains("'showy', 'long'", file.DocString + file.Graph.DocString, StringComparison.Ordinal);
        Model back = OnnxImport.FromBytes(bytes);
        Assert.Equal(["showy", "long"], back.Preparation.Target.Names);
        Assert.Equal(areLabels, back.Preparation.Target.IsMultiLabel);
        (float[], int[])[] rows = [.. Enumerable.Range(0, 5).Select(r =>
            (iris.Numeric[(40 * r)..(40 * r + 4)], Array.Empty<int>()))];
        (_, float[][] numbers) = OnnxRuntime.Run(bytes, model.Preparation, rows);
        for (int r = 0; r < rows.Length; r++)
        {
            Answers.AssertSame(model, rows[r], null, numbers[r], $"row {r}");
            Assert.Equal(model.Predict(rows[r].Item1).Labels, back.Predict(rows[r].Item1).Labels);
        }
        string program = SourceLanguage.Python.Write(model, "two");
        Assert.Contains("TARGETS", program, StringComparison.Ordinal);
        Assert.Contains("showy", program, StringComparison.Ordinal);
        Assert.Contains("two_targets[2]", SourceLanguage.C.Write(model, "two"), StringComparison.Ordinal);
        Assert.Equal(!areLabels, program.Contains("in the targets' units", StringComparison.Ordinal));
    }

    /// <summary>Vectors for categories are a layer with links, in every form.</summary>
    [Fact]
    public void VectorsForCategoriesAreExported()
    {
        Column[] columns = [new("kind", ColumnKind.Category, [.. Enumerable.Range(0, 12).Select(c => $"k{c}")]),
            new("size")];
        Dataset data = new("kinds", columns, new(["class"], ["a", "b"]),
            [.. Enumerable.Range(0, 120).Select(r => r * 37 % 120 / 120f)],
                [.. Enumerable.Range(0, 120).Select(r => r % 12)],
            [.. Enumerable.Range(0, 120).Select(r => r % 12 * 5 % 7 > 3 ? 1 : 0)], []);
        Model model = Model.Fit(data, new() { Hidden = [6], Epochs = 10, Embed = 8, TestShare = 0 }).Model;
        Assert.Equal("13-9-6-2", model.Spec.ToString());
        (float[], int[])[] rows = [.. Enumerable.Range(-1, 13).Select(k => (new[] { 0.1f * k }, new[] { k }))];
        (string[]? labels, float[][] numbers) = OnnxRuntime.Run(OnnxExport.ToBytes(model), model.Preparation, rows);
        for (int r = 0; r < rows.Length; r++) Answers.AssertSame(model, rows[r], labels![r], numbers[r], $"row {r}");
        foreach (SourceLanguage language in (SourceLanguage[])[SourceLanguage.C, SourceLanguage.Python])
            Assert.Contains("13-9-6-2", language.Write(model, "kinds"), StringComparison.Ordinal);
    }

    [Fact]
    public void TheSameModelGivesTheSameBytes() =>
        Assert.Equal(OnnxExport.ToBytes(RandomModels.Make(7)), OnnxExport.ToBytes(RandomModels.Make(7)));

    /// <summary>Seconds since 1970: float32 can hardly hold their size, and only their differences matter.</summary>
    [Fact]
    public void LargeShiftsLoseNothing()
    {
        NetworkSpec spec = NetworkSpec.Parse("1-3-1");
        AlignedBuffer<float> parameters = new(spec.ParameterLength), buffers = new(0);
        new Network<float>(spec).Initialize(parameters, buffers, seed: 2);
        Preparation preparation = new([new("seconds")], new Target(["y"], []), [1_700_000_000.123], [0.01], [0], [1], 0,
            1, false);
        Model model = new(spec, preparation, Losses.Euclidean, parameters, buffers, Arithmetic.Fast);
        (float[], int[])[] rows = [
            .. Enumerable.Range(-3, 7).Select(i => (new[] { 1_700_000_000f + 128 * i }, Array.Empty<int>()))];
        (_, float[][] numbers) = OnnxRuntime.Run(OnnxExport.ToBytes(model), preparation, rows);
        for (int r = 0; r < rows.Length; r++) Answers.AssertSame(model, rows[r], null, numbers[r], $"row {r}");
    }

    [Fact]
    public void AUsersActivationAndLayerAreComposed()
    {
        NetworkSpec spec = new(2, new FeatureShift(), new Dense(3, BentIdentity.Entry.Default),
            new Dense(1, Activations.Identity));
        AlignedBuffer<float> parameters = new(spec.ParameterLength), buffers = new(0);
        new Network<float>(spec).Initialize(parameters, buffers, seed: 2);
        Preparation preparation = new([new("a"), new("b")], new Target(["y"], []), [0, 0], [1, 1], [0], [1], 0, 1,
            false);
        Model model = new(spec, preparation, Losses.Euclidean, parameters, buffers, Arithmetic.Fast);
        byte[] bytes = OnnxExport.ToBytes(model);
        (float[] Numeric, int[] Codes) row = ([0.5f, -1.25f], []);
        (_, float[][] numbers) = OnnxRuntime.Run(bytes, preparation, [row]);
        Answers.AssertSame(model, row, null, numbers[0], "row");
        // Read back by a catalog that knows it, and by no other.
        Catalog mine = Catalog.Default with { Activations = [.. Catalog.Default.Activations, BentIdentity.Entry] };
        Assert.Contains(OnnxImport.FromBytes(bytes, catalog: mine).Spec.Layers,
            l => l is Dense { Activation.Name: "bent_identity" });
        Assert.Contains(
            "an activation of the catalog", Assert.Throws<DownhillException>(() => OnnxImport.FromBytes(bytes)).Message,
            StringComparison.Ordinal);
    }
}

/// <summary>Answers of a model and of what was made of it.</summary>
internal static class Answers
{
    /// <summary>Within 1e-5 of the model's own answer, relative where it is above 1 or the target's unit.</summary>
    /// <param name="model">The original.</param>
    /// <param name="row">A raw row.</param>
    /// <param name="label">The class name, null for regression.</param>
    /// <param name="numbers">One number per class or target.</param>
    /// <param name="where">For the message.</param>
    public static void AssertSame(Model model, (float[] Numeric, int[] Codes) row, string? label, float[] numbers,
        string where)
    {
        if (IsRefused(model, row, numbers, where)) return;
        float[] expected = Outputs(model, row);
        Preparation preparation = model.Preparation;
        if (preparation.SingleOutput)
        {
            float second = (float)(
                (expected[0] - preparation.TargetLow) / (preparation.TargetHigh - preparation.TargetLow));
            AssertNear(model, [1 - second, second], numbers, where);
        }
        else AssertNear(model, expected, numbers, where);
        AssertLabel(preparation, expected, label);
    }

    /// <summary>The same for the network's outputs themselves.</summary>
    public static void AssertOutputs(Model model, (float[] Numeric, int[] Codes) row, string? label, float[] numbers,
        string where)
    {
        if (IsRefused(model, row, numbers, where)) return;
        float[] expected = Outputs(model, row);
        AssertNear(model, expected, numbers, where);
        AssertLabel(model.Preparation, expected, label);
    }

    /// <summary>The row with a gap in the first column of numbers that had none in training; nothing where there is no
    /// such column, or a comparison makes a number of everything.</summary>
    public static (float[] Numeric, int[] Codes)[] WithRefusedGap(Model model, (float[] Numeric, int[] Codes) row)
    {
        int column = FirstWithoutGaps(model);
        if (column < 0 || model.Spec.Layers.Any(l => l is Dense { Activation.Name: "step" or "sign" }
            or BatchNorm { Activation.Name: "step" or "sign" })) return [];
        float[] numbers = [.. row.Numeric];
        numbers[column] = float.NaN;
        return [(numbers, row.Codes)];
    }

    private static int FirstWithoutGaps(Model model) =>
        model.Preparation.Encodings.ToList().FindIndex(e => !e.HasIndicator && !e.IsConstant);

    /// <summary>Where the model refuses the row, every number is NaN; a class means nothing then.</summary>
    private static bool IsRefused(Model model, (float[] Numeric, int[] Codes) row, float[] numbers, string where)
    {
        int column = FirstWithoutGaps(model);
        if (column < 0 || !float.IsNaN(row.Numeric[column])) return false;
        Assert.Throws<DownhillException>(() => Outputs(model, row));
        Assert.All(numbers, n => Assert.True(float.IsNaN(n), $"{where}: {n} ({string.Join("; ", model.Spec.Layers)})"));
        return true;
    }

    private static float[] Outputs(Model model, (float[] Numeric, int[] Codes) row)
    {
        float[] outputs = new float[model.Preparation.Outputs];
        model.Predict(row.Numeric, outputs, row.Codes);
        return outputs;
    }

    private static void AssertNear(Model model, float[] expected, float[] numbers, string where)
    {
        Assert.Equal(expected.Length, numbers.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            // Far beyond what was seen, exp(x) − 1 magnifies a rounding of x: there x is compared.
            bool isPower = model.Preparation.LogTargets;
            (double wanted, double got) = isPower
                ? (Math.Log(1 + (double)expected[i]), Math.Log(1 + (double)numbers[i]))
                : (expected[i], numbers[i]);
            double unit = Math.Max(1, Math.Abs(wanted));
            if (!model.Preparation.Target.IsClass) unit = Math.Max(unit, model.Preparation.TargetScale[i]);
            Assert.True(wanted.Equals(got) || Math.Abs(wanted - got) <= 1e-5 * unit,
                $"{where}, output {i}: expected {expected[i]:R}, got {numbers[i]:R} ({model.Spec}, "
                    + $"{string.Join("; ", model.Spec.Layers)})");
        }
    }

    private static void AssertLabel(Preparation preparation, float[] outputs, string? label)
    {
        if (!preparation.Target.IsClass) Assert.Null(label);
        // Two classes as likely as each other may be told apart by a rounding.
        else if (!IsTie(preparation, outputs)) Assert.Equal(
            preparation.Target.Classes[preparation.ClassOf<float>(outputs)], label);
    }

    private static bool IsTie(Preparation preparation, float[] outputs)
    {
        if (preparation.SingleOutput)
            return Math.Abs(outputs[0] - 0.5 * (preparation.TargetLow + preparation.TargetHigh)) < 1e-5;
        float[] sorted = [.. outputs.OrderDescending()];
        return sorted.Length > 1 && sorted[0] - sorted[1] < 1e-5 * Math.Max(1, Math.Abs(sorted[0]));
    }
}
