using System.Text.Json;
using Downhill.Graph;

namespace Downhill.Playground.Commands;

/// <summary>
/// The computational graph of the present network's cost of one row (lecture L23), in double: each node once, operands
/// before their users, with its value and the derivative of the cost by it. Layers named in <c>expand</c> are taken
/// apart into scalars. Reply: <c>nodes</c> [{<c>id</c> (its place), <c>name</c>, <c>operation</c>, <c>formula</c>,
/// <c>layer</c> (from 0; −1 the inputs and the target; one more than the last: the cost), <c>kind</c> "input",
/// "weight", "constant" or "value", <c>value</c> and <c>derivative</c> [[…]] (null for constants and what was given),
/// <c>from</c>
/// [ids]}], <c>cost</c>, <c>layers</c>.
/// </summary>
internal sealed record GraphCommand(int Row, int[] Expand) : Command
{
    private const int MostNodes = 1500, MostParameters = 2000;

    public static GraphCommand Parse(Fields fields) => new((int)fields.Whole("row", 0, int.MaxValue),
        [.. (fields.Wholes("expand", 0, 64) ?? []).Distinct()]);

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        if (Expand.Any(layer => layer >= run.Layers.Count))
            Throw.Input("Request 'graph', field 'expand'", $"layers from 0 to {run.Layers.Count - 1}",
                $"{Expand.Max()}", "Layers of units are counted from 0.");
        if (run.Spec.Layers.Any(layer => layer is not Dense) || run.Spec.ParameterCount > MostParameters)
            Throw.Input("Graph", $"dense layers with at most {MostParameters} weights and biases",
                $"{run.Spec}, {run.Spec.ParameterCount} of them",
                "Take fewer units, and leave batch normalisation out.");
        CostGraph graph = new(run, ExampleOf.Trace(session, Row).Inputs, ExampleOf.Target(session, Row), Expand);
        if (graph.Nodes.Count > MostNodes)
            Throw.Input("Graph", $"at most {MostNodes} nodes", $"{graph.Nodes.Count}", "Expand fewer layers.");
        reply.Json.WriteNumber("layers", run.Layers.Count);
        reply.Number("cost", graph.Nodes[^1].Value[0, 0]);
        reply.Json.WriteStartArray("nodes");
        foreach (CostNode node in graph.Nodes) Write(reply.Json, node);
        reply.Json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, CostNode node)
    {
        json.WriteStartObject();
        json.WriteNumber("id", node.Id);
        json.WriteString("name", node.Name);
        json.WriteString("operation", node.Operation);
        json.WriteString("formula", node.Formula);
        json.WriteNumber("layer", node.Layer);
        json.WriteString("kind", node.Kind);
        Write(json, "value", node.Value);
        if (node.Derivative is null) json.WriteNull("derivative");
        else Write(json, "derivative", node.Derivative);
        json.WriteStartArray("from");
        foreach (int from in node.From) json.WriteNumberValue(from);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, double[,] matrix)
    {
        json.WriteStartArray(name);
        for (int i = 0; i < matrix.GetLength(0); i++)
            ExampleOf.Write(json, null, Enumerable.Range(0, matrix.GetLength(1)).Select(j => matrix[i, j]));
        json.WriteEndArray();
    }
}
