namespace Downhill.Onnx;

/// <summary>An input of a graph: its raw columns are Columns[First … First+Count−1].</summary>
internal sealed record RawInput(string Name, int First, int Count);

/// <summary>What an output of a graph is, of what the model answers.</summary>
internal enum AnswerKind { Numbers, Label, Map, Index, Other }

/// <summary>An output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Classes">Names of the classes where it is a label or a map.</param>
internal sealed record RawOutput(string Name, AnswerKind Kind, IReadOnlyList<string> Classes);

/// <summary>A graph read as a model, and how its inputs and outputs are those of the model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Inputs">The graph's inputs in order.</param>
/// <param name="Categories">Of each raw column, null where it holds numbers.</param>
/// <param name="Outputs">The graph's outputs in order.</param>
internal sealed record ImportedGraph(
    Model Model, IReadOnlyList<RawInput> Inputs, IReadOnlyList<IReadOnlyList<string>?> Categories, IReadOnlyList<RawOutput> Outputs)
{
    /// <summary>The model's class and numbers (shares of both classes for a single unit) for each row of the inputs.</summary>
    /// <param name="tensors">One per input, [N, …].</param>
    public IReadOnlyList<(int Class, float[] Numbers)> Answer(IReadOnlyList<OnnxTensor> tensors)
    {
        Preparation preparation = Model.Preparation;
        long rows = tensors[0].Dimensions.Count == 0 ? 1 : tensors[0].Dimensions[0];
        for (int i = 0; i < Inputs.Count; i++)
            if (tensors[i].Count != rows * Inputs[i].Count)
                Throw.Input($"Input '{Inputs[i].Name}'", $"{rows} rows of {Inputs[i].Count}", $"[{string.Join(",", tensors[i].Dimensions)}]", "Give the shape that the graph states.");
        List<(int, float[])> answers = [];
        float[] numbers = new float[preparation.NumericCount], outputs = new float[preparation.Outputs];
        int[] codes = new int[preparation.CategoryCount];
        for (int row = 0; row < rows; row++)
        {
            int n = 0, c = 0;
            for (int i = 0; i < Inputs.Count; i++)
                for (int column = 0; column < Inputs[i].Count; column++)
                {
                    int at = row * Inputs[i].Count + column;
                    if (Categories[Inputs[i].First + column] is IReadOnlyList<string> known) codes[c++] = IndexOf(known, tensors[i].Text(at));
                    else numbers[n++] = (float)tensors[i][at];
                }
            Model.Predict(numbers, outputs, codes);
            int predicted = preparation.Target.IsClass ? preparation.ClassOf<float>(outputs) : -1;
            float second = preparation.SingleOutput
                ? (float)((outputs[0] - preparation.TargetLow) / (preparation.TargetHigh - preparation.TargetLow)) : 0;
            answers.Add((predicted, preparation.SingleOutput ? [1 - second, second] : [.. outputs]));
        }
        return answers;
    }

    private static int IndexOf(IReadOnlyList<string> categories, string text)
    {
        for (int k = 0; k < categories.Count; k++)
            if (categories[k] == text) return k;
        return -1;
    }
}
