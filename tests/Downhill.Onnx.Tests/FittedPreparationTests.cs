using System.Globalization;

namespace Downhill.Onnx.Tests;

/// <summary>
/// What a fit makes of a table with gaps, repeated values, categories and few-valued columns leaves with the model: on
/// rows as they come, in training and beyond it, ONNX Runtime, both Pythons and the model itself agree.
/// </summary>
public sealed class FittedPreparationTests : IDisposable
{
    private readonly Programs programs = new();

    public static TheoryData<Scaling, int, bool> Preparations { get; } = new(
        from scaling in (Scaling[])[Scaling.Standard, Scaling.Robust, Scaling.Quantile]
        from levels in (int[])[0, 8]
        from log in (bool[])[false, true]
        select (scaling, levels, log));

    [Theory, MemberData(nameof(Preparations))]
    public void RawRowsGiveTheSameAnswersEverywhere(Scaling scaling, int levels, bool log)
    {
        Model model = Fit(new() { Scaling = scaling, Levels = levels, LogTargets = log });
        Preparation preparation = model.Preparation;
        Assert.Equal((scaling == Scaling.Robust, scaling == Scaling.Quantile, levels > 0),
            (preparation.Encodings.Any(e => e.Clip > 0), preparation.Encodings.Any(e => e.Landmarks.Count > 0),
            preparation.Encodings.Any(e => e.Levels.Count > 0)));
        (float[], int[])[] rows = [.. Rows()];
        foreach (OnnxInputs inputs in (OnnxInputs[])[OnnxInputs.Columns, OnnxInputs.Tensor])
        {
            (_, float[][] numbers) = OnnxRuntime.Run(
                OnnxExport.ToBytes(model, new() { Inputs = inputs }), preparation, rows);
            for (int r = 0; r < rows.Length; r++) Answers.AssertSame(model, rows[r], null, numbers[r], $"row {r}");
        }
        CheckPython(model, rows);
    }

    /// <summary>An ensemble with the recipes' defaults, whatever these are.</summary>
    [Theory, InlineData("table"), InlineData("realmlp"), InlineData("plain")]
    public void EveryRecipeAndAnEnsembleOfItLeave(string recipe)
    {
        Model model = Fit(new() { Recipe = Recipe.Parse(recipe), Ensemble = 2, Hidden = [6, 5] });
        (float[], int[])[] rows = [.. Rows()];
        (_, float[][] numbers) = OnnxRuntime.Run(OnnxExport.ToBytes(model), model.Preparation, rows);
        for (int r = 0; r < rows.Length; r++) Answers.AssertSame(model, rows[r], null, numbers[r], $"row {r}");
        CheckPython(model, rows);
    }

    private void CheckPython(Model model, (float[] Numbers, int[] Codes)[] rows)
    {
        string python = Programs.Need("Python", "--version", "python3", "python");
        programs.Write("plain.py", SourceLanguage.Python.Write(model, "plain"));
        string code = "import plain\n" + string.Concat(rows.Select(row =>
            $"print('%.9g' % plain.predict([{string.Join(", ", row.Numbers.Select(Literal))}, "
                + $"'{(row.Codes[0] < 0 ? "no such town" : model.Preparation.Inputs[^1].Categories[row.Codes[0]])}"
                + $"']))\n"));
        programs.Write("main.py", code);
        string[] lines = programs.Run(python, "-W", "error", "main.py").Split('\n', StringSplitOptions.TrimEntries);
        for (int r = 0; r < rows.Length; r++)
            Answers.AssertSame(model, rows[r], null, [Number(lines[r])], $"row {r}");
    }

    private static float Number(string python) =>
        python == "inf" ? float.PositiveInfinity : float.Parse(python, CultureInfo.InvariantCulture);

    private static string Literal(float value) =>
        float.IsNaN(value) ? "None" : value.ToString("E9", CultureInfo.InvariantCulture);

    private static Model Fit(FitOptions options) =>
        Model.Fit(Table(), options with { Epochs = 3, Hidden = options.Hidden ?? [6], TestShare = 0.1 }).Model;

    /// <summary>A size with gaps, an amount whose lower half is 0, a time in seconds, a few-valued number with gaps, a
    /// constant one, a town.</summary>
    private static Dataset Table()
    {
        const int Count = 120;
        RandomStream random = new(5, 9);
        float[] numbers = new float[5 * Count], values = new float[Count];
        int[] codes = new int[Count];
        for (int i = 0; i < Count; i++)
        {
            ulong at = (ulong)(4 * i);
            double size = 1.7 + 0.1 * random.Normal(at);
            numbers[5 * i] = i % 7 == 0 ? float.NaN : (float)size;
            numbers[5 * i + 1] = i % 2 == 0 ? 0 : (float)Math.Exp(3 + random.Normal(at + 1));
            numbers[5 * i + 2] = 1_700_000_000 + 4096 * i;
            numbers[5 * i + 3] = i % 11 == 0 ? float.NaN : 0.1f * (i % 4);
            numbers[5 * i + 4] = 42;
            codes[i] = i % 13 == 0 ? -1 : i % 3;
            values[i] = (float)(10 * size + 0.1 * i + i % 3 + random.Uniform(at + 2));
        }
        return new("towns", [new("size"), new("amount"), new("time"), new("grade"), new("always"),
            new("town", ColumnKind.Category, ["Ulm", "Bonn", "Trier"])], new Target(["price"], []), numbers, codes, [],
            values);
    }

    /// <summary>Rows of the table, and some on and beyond the ends of what was seen.</summary>
    private static IEnumerable<(float[], int[])> Rows()
    {
        Dataset table = Table();
        for (int i = 0; i < 12; i++) yield return (table.Numeric.AsSpan(50 * i, 5).ToArray(), [table.Codes[10 * i]]);
        yield return ([float.NaN, 0, 1_700_000_000, float.NaN, 42], [-1]);
        yield return ([1, -5, 1_699_800_000, 0.3f, 42], [0]);
        yield return ([2.4f, 500, 1_700_700_000, 0.1f, 41], [1]);
        yield return ([1.7f, 1e-6f, 1_700_000_128, 0.15f, 42], [2]);
    }

    public void Dispose() => programs.Dispose();
}
