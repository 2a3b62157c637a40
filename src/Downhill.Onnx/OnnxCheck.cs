using System.Globalization;
using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

/// <summary>How a conformance test went.</summary>
public enum OnnxOutcome
{
    /// <summary>All outputs are as expected.</summary>
    Passed,

    /// <summary>The model is none that can be read; nothing was computed.</summary>
    Refused,

    /// <summary>An output differs, or the test itself is not complete.</summary>
    Failed,
}

/// <summary>A test and how it went.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Outcome">How it went.</param>
/// <param name="Why">What was refused or differs; empty when it passed.</param>
public sealed record OnnxCheckResult(string Name, OnnxOutcome Outcome, string Why);

/// <summary>
/// Runs folders in the layout of ONNX's backend tests: <c>model.onnx</c> and <c>test_data_set_*</c> with <c>input_*.pb</c> and
/// <c>output_*.pb</c>. Weights that a test gives as inputs are taken as fixed. Numbers must be within 1e-7 + 1e-3·|expected|, as in
/// ONNX's own runner.
/// </summary>
public static class OnnxCheck
{
    private const double OwnAbsolute = 1e-7, OwnRelative = 1e-3;

    /// <summary>The tests in a folder: itself, or every folder under it with a model.</summary>
    /// <exception cref="DownhillException">There is none.</exception>
    public static IReadOnlyList<string> Find(string folder)
    {
        if (!Directory.Exists(folder)) Throw.Input(folder, "a folder", "none of this name", "Name a folder with model.onnx in it or below it.");
        if (File.Exists(Path.Combine(folder, "model.onnx"))) return [folder];
        string[] tests = [.. Directory.EnumerateFiles(folder, "model.onnx", SearchOption.AllDirectories)
            .Select(f => Path.GetDirectoryName(f)!).Order(StringComparer.Ordinal)];
        if (tests.Length == 0) Throw.Input(folder, "a model.onnx in it or below it", "none", "Name a folder in the layout of ONNX's backend tests.");
        return tests;
    }

    /// <summary>Runs one test. Whatever is wrong with its files is an outcome, not an exception.</summary>
    public static OnnxCheckResult Run(string folder) => Run(folder, OwnAbsolute, OwnRelative);

    /// <summary>The same with another tolerance.</summary>
    internal static OnnxCheckResult Run(string folder, double absolute, double relative)
    {
        string test = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        ModelProto model;
        try
        {
            model = OnnxFile.Parse(OnnxFile.Load(Path.Combine(folder, "model.onnx")), "model.onnx");
        }
        catch (DownhillException error)
        {
            return new(test, OnnxOutcome.Refused, OneLine(error.Message));
        }
        string[] sets = [.. Directory.EnumerateDirectories(folder, "test_data_set_*").Order(StringComparer.Ordinal)];
        // What cannot be read is refused whatever data come with it.
        if (sets.Length == 0)
            return Refusal(() => OnnxImport.Read(model, "model.onnx", folder, null)) is string early
                ? new(test, OnnxOutcome.Refused, early) : new(test, OnnxOutcome.Failed, "no folder test_data_set_*");
        foreach (string set in sets)
        {
            OnnxCheckResult result = RunSet(test, folder, model, set, absolute, relative);
            if (result.Outcome != OnnxOutcome.Passed) return result;
        }
        return new(test, OnnxOutcome.Passed, "");
    }

    private static OnnxCheckResult RunSet(
        string test, string folder, ModelProto model, string set, double absolute, double relative)
    {
        TensorProto[] inputs, outputs;
        try
        {
            (inputs, outputs) = (Tensors(set, "input"), Tensors(set, "output"));
        }
        catch (Exception error) when (error is DownhillException or IOException)
        {
            // Sequences and maps are no tensors: whether the model is one of ours comes first.
            return Refusal(() => OnnxImport.Read(model, "model.onnx", folder, null)) is string why
                ? new(test, OnnxOutcome.Refused, why) : new(test, OnnxOutcome.Failed, OneLine(error.Message));
        }
        ImportedGraph? graph = null;
        OnnxTensor[] rows = [];
        string? refusal = Refusal(() =>
        {
            graph = OnnxImport.Read(model, "model.onnx", folder, null);
            rows = [.. inputs.Select((t, i) => OnnxTensor.Read(t, $"input_{i}.pb", null))];
        });
        if (refusal is not null && inputs.Length > 1 && Refusal(() =>
            {
                graph = OnnxImport.Read(WithWeights(model, inputs), "model.onnx", folder, null);
                rows = [OnnxTensor.Read(inputs[0], "input_0.pb", null)];
            }) is null)
            refusal = null;
        if (refusal is not null) return new(test, OnnxOutcome.Refused, refusal);
        if (graph!.Inputs.Count != rows.Length)
            return new(test, OnnxOutcome.Failed, $"{rows.Length} inputs for a graph of {graph.Inputs.Count}");
        if (NoRows(graph, rows) is string odd) return new(test, OnnxOutcome.Refused, odd);
        try
        {
            IReadOnlyList<(int Class, float[] Numbers)> answers = graph.Answer(rows);
            int known = Math.Min(outputs.Length, graph.Outputs.Count);
            if (known == 0) return new(test, OnnxOutcome.Failed, "no output to compare with");
            for (int i = 0; i < known; i++)
                if (Difference(graph, graph.Outputs[i], answers, OnnxTensor.Read(outputs[i], $"output_{i}.pb", null), absolute, relative)
                    is string difference)
                    return graph.Outputs[i].Kind is AnswerKind.Other or AnswerKind.Map ? new(test, OnnxOutcome.Refused, difference)
                        : new(test, OnnxOutcome.Failed, difference);
            return new(test, OnnxOutcome.Passed, "");
        }
        catch (DownhillException error)
        {
            return new(test, OnnxOutcome.Failed, OneLine(error.Message));
        }
    }

    /// <summary>Why the inputs are no rows for a model of float32, null where they are.</summary>
    private static string? NoRows(ImportedGraph graph, OnnxTensor[] inputs)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            (OnnxTensor first, OnnxTensor input) = (inputs[0], inputs[i]);
            long rows = first.Count / graph.Inputs[0].Count;
            if (rows < 1 || input.Count != rows * graph.Inputs[i].Count)
                return $"input '{graph.Inputs[i].Name}': expected {rows} rows of {graph.Inputs[i].Count}, got [{string.Join(",", input.Dimensions)}]";
            for (int k = 0; k < input.Count && !input.IsText; k++)
                if (!float.IsFinite((float)input[k]))
                    return $"input '{graph.Inputs[i].Name}': expected finite numbers that float32 holds, got {input[k].ToString("R", CultureInfo.InvariantCulture)}";
        }
        return null;
    }

    /// <summary>What differs first, null where nothing does.</summary>
    private static string? Difference(
        ImportedGraph graph, RawOutput output, IReadOnlyList<(int Class, float[] Numbers)> answers, OnnxTensor expected,
        double absolute, double relative)
    {
        string where = $"output '{output.Name}'";
        switch (output.Kind)
        {
            case AnswerKind.Numbers:
                int each = answers[0].Numbers.Length;
                if (expected.Count != answers.Count * each || expected.IsText)
                    return $"{where}: expected [{string.Join(",", expected.Dimensions)}], got {answers.Count} rows of {each}";
                for (int i = 0; i < expected.Count; i++)
                {
                    (double wanted, double got) = (expected[i], answers[i / each].Numbers[i % each]);
                    if (!(Math.Abs(got - wanted) <= absolute + relative * Math.Abs(wanted)) && !got.Equals(wanted))
                        return string.Create(CultureInfo.InvariantCulture, $"{where}, row {i / each + 1}, number {i % each + 1}: expected {wanted}, got {got}");
                }
                return null;
            case AnswerKind.Label or AnswerKind.Index:
                if (expected.Count != answers.Count)
                    return $"{where}: expected {expected.Count} classes, got {answers.Count}";
                for (int row = 0; row < answers.Count; row++)
                {
                    string got = output.Kind == AnswerKind.Index ? $"{answers[row].Class}" : graph.Model.Preparation.Target.Classes[answers[row].Class];
                    if (expected.Text(row) != got) return $"{where}, row {row + 1}: expected {expected.Text(row)}, got {got}";
                }
                return null;
            default:
                return $"{where}: expected an answer of the network, got something else. Leave one output.";
        }
    }

    /// <summary>A graph whose weights are inputs, with the weights of a test in it.</summary>
    private static ModelProto WithWeights(ModelProto model, TensorProto[] inputs)
    {
        ModelProto whole = model.Clone();
        for (int i = 1; i < inputs.Length && i < model.Graph.Input.Count; i++)
        {
            TensorProto weight = inputs[i].Clone();
            weight.Name = model.Graph.Input[i].Name;
            whole.Graph.Initializer.Add(weight);
        }
        return whole;
    }

    private static TensorProto[] Tensors(string set, string kind)
    {
        List<TensorProto> tensors = [];
        for (int i = 0; File.Exists(Path.Combine(set, $"{kind}_{i}.pb")); i++)
            tensors.Add(OnnxFile.ParseTensor(OnnxFile.Load(Path.Combine(set, $"{kind}_{i}.pb")), $"{Path.GetFileName(set)}/{kind}_{i}.pb"));
        return [.. tensors];
    }

    private static string? Refusal(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (DownhillException error)
        {
            return OneLine(error.Message);
        }
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
