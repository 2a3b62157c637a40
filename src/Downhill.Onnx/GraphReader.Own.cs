using System.Text.Json;
using Downhill.Onnx.Schema;

namespace Downhill.Onnx;

// Files of our own: their metadata says the preparation of the raw columns, and the graph has to agree.
internal sealed partial class GraphReader
{
    /// <summary>The preparation that the metadata says and the graph begins with; null where it is found node by
    /// node.</summary>
    private Preparation? own;

    private bool isOwnTensor;

    /// <summary>
    /// Missing numbers, clips, landmarks and levels cannot be told from a graph's nodes one by one. They are taken from
    /// the metadata when the graph begins with exactly the nodes that this preparation is written as.
    /// </summary>
    /// <returns>The nodes that are left to read.</returns>
    private IEnumerable<NodeProto> ReadOwnPreparation()
    {
        IList<NodeProto> nodes = file.Graph.Node;
        string? text = file.MetadataProps.FirstOrDefault(p => p.Key == OnnxExport.PreparationKey)?.Value;
        if (text is null) return nodes;
        Preparation said = ModelFile.Guarded($"{name}, metadata '{OnnxExport.PreparationKey}'", () =>
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
            return ModelFile.ReadPreparation(json.RootElement);
        });
        isOwnTensor = file.Graph.Input is [{ Name: "input" }]
            && file.Graph.Input[0].Type?.TensorType?.ElemType == (int)TensorProto.Types.DataType.Float;
        GraphWriter writer = new("", "");
        string rows = RowNodes.Add(writer, said, isOwnTensor ? OnnxInputs.Tensor : OnnxInputs.Columns);
        int begin = writer.Graph.Node.Count, end = nodes.Count - (said.LogTargets ? 2 : 0);
        Dictionary<string, TensorProto> tensors = new(StringComparer.Ordinal);
        foreach (TensorProto tensor in file.Graph.Initializer) tensors[tensor.Name] = tensor;
        bool agrees = begin <= end && writer.Graph.Input.SequenceEqual(file.Graph.Input)
            && writer.Graph.Node.SequenceEqual(nodes.Take(begin))
            && writer.Graph.Initializer.All(t => t.Equals(tensors.GetValueOrDefault(t.Name)))
            && (!said.LogTargets || EndsWithExponential());
        if (!agrees)
            Throw.Input(name, $"the nodes that its metadata '{OnnxExport.PreparationKey}' stands for", "others",
                "Use the file as it was exported, or remove that metadata.");
        own = said;
        values[rows] = new RowValue([said.Width], Selection.All(0, said.Width), v);
        if (said.LogTargets) values[nodes[^1].Output[0]] = new LaterValue(nodes[^2].Input[0]);
        return nodes.Skip(begin).Take(end - begin);
    }

    /// <summary>Stands for another value, which comes later.</summary>
    private sealed record LaterValue(string Name) : GraphValue;

    /// <summary>exp(x) − 1 as the only answer.</summary>
    private bool EndsWithExponential()
    {
        if (file.Graph.Node.Count < 2) return false;
        (NodeProto exp, NodeProto minus) = (file.Graph.Node[^2], file.Graph.Node[^1]);
        return exp is { OpType: "Exp", Domain: "", Input.Count: 1, Output.Count: 1 }
            && minus is { OpType: "Sub", Domain: "", Input.Count: 2, Output.Count: 1 }
            && minus.Input[0] == exp.Output[0]
            && values.GetValueOrDefault(minus.Input[1]) is ConstantValue { Tensor: { Count: 1 } one } && one[0] == 1
            && file.Graph.Output is [{ } only] && only.Name == minus.Output[0];
    }

    /// <summary>How the categories of a raw column are written in the graph's inputs; null for numbers.</summary>
    private IReadOnlyList<string>? CategoriesOf(int column) =>
        own is null ? columns[column].Categories
        : own.Inputs[column].Kind == ColumnKind.Numeric ? null
        : isOwnTensor ? [.. Enumerable.Range(0, own.Inputs[column].Categories.Count).Select(k => $"{k}")]
        : own.Inputs[column].Categories;
}
