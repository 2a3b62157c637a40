using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>
/// Reads a digit of 16 × 16 cells with the session's network (lecture L7, L8). The ink is <c>pixels</c>, 256 of 0 and 1
/// row by row, or that of a <c>row</c> of the data; with <c>centre</c> it is brought to the middle and to full size
/// first. Reply: blocks <c>pixels</c> u8 [16, 16] (as given), <c>shown</c> u8 [16, 16] (what the network gets),
/// <c>hidden</c> f64 [units of the first layer] and <c>outputs</c> f64 [classes]; <c>box</c> [left, top, right, bottom]
/// of the given ink or null, <c>answer</c> and, of a row, <c>truth</c>. With <c>confused</c> n also the n commonest
/// mistakes among the test rows (the training rows where there is no test part), <c>mistakes</c> [{<c>truth</c>,
/// <c>answer</c>, <c>count</c>, <c>row</c> (the first of them)}], and of how many: <c>wrong</c>, <c>read</c>,
/// <c>part</c>.
/// </summary>
internal sealed record InkCommand(byte[]? Pixels, int? Row, bool Centre, int Confused) : Command
{
    public static InkCommand Parse(Fields fields)
    {
        int[]? pixels = fields.Wholes("pixels", 0, 1);
        int? row = fields.Optional("row") is null ? null : (int)fields.Whole("row", 0, int.MaxValue);
        if (pixels is null == row is null)
            Throw.Input("Request 'ink'", "pixels or a row", row is null ? "neither" : "both", "Give one of them.");
        if (pixels is not null && pixels.Length != Ink.Cells)
            Throw.Input("Request 'ink', field 'pixels'", $"{Ink.Cells} of 0 and 1", $"{pixels.Length}",
                "Give 16 rows of 16 cells, one after the other.");
        return new(pixels is null ? null : [.. pixels.Select(p => (byte)p)], row, fields.Flag("centre"),
            (int)fields.Whole("confused", 0, 100, 0));
    }

    public override void Run(Session session, Reply reply)
    {
        Run run = session.Run;
        Dataset data = session.Table.Raw;
        if (data.NumericCount != Ink.Cells || data.CategoryCount > 0 || !data.Target.IsClass
            || run.Spec.Inputs != Ink.Cells)
            Throw.Input("Ink", $"data of {Ink.Cells} numbers and a class", data.Name, "Choose the data set 'ink'.");
        byte[] given = Pixels ?? Cells(data);
        byte[] shown = Centre ? Ink.Centred(given) : given;
        using Derivatives network = new(run, 1);
        double[][] outputs = network.Outputs([.. shown.Select(p => (float)p)], []);
        IReadOnlyList<string> classes = run.Preparation.Target.Classes;
        Utf8JsonWriter json = reply.Json;
        if (Ink.BoxOf(given) is InkBox box)
        {
            json.WriteStartArray("box");
            foreach (int side in (int[])[box.Left, box.Top, box.Right, box.Bottom]) json.WriteNumberValue(side);
            json.WriteEndArray();
        }
        else json.WriteNull("box");
        json.WriteString("answer", classes[run.Preparation.ClassOf<double>(outputs[^1])]);
        if (Row is int row) json.WriteString("truth", classes[data.Classes[row]]);
        if (Confused > 0) Mistakes(run, classes, json);
        reply.Block("pixels", given, Ink.Side, Ink.Side);
        reply.Block("shown", shown, Ink.Side, Ink.Side);
        reply.Block("hidden", outputs[0], outputs[0].Length);
        reply.Block("outputs", outputs[^1], outputs[^1].Length);
    }

    private byte[] Cells(Dataset data)
    {
        if (Row >= data.Rows)
            Throw.Input("Row", $"one from 0 to {data.Rows - 1}", $"{Row}", "Rows are counted from 0.");
        return [.. data.Numeric.AsSpan(Row!.Value * Ink.Cells, Ink.Cells).ToArray()
            .Select(value => value > 0.5f ? (byte)1 : (byte)0)];
    }

    private void Mistakes(Run run, IReadOnlyList<string> classes, Utf8JsonWriter json)
    {
        bool isTest = run.Fit.TestRows.Length > 0;
        int[] rows = isTest ? run.Fit.TestRows : run.Fit.Rows;
        Dataset source = isTest ? run.Fit.TestSource : run.Fit.Data;
        Dictionary<(int Truth, int Answer), List<int>> mistakes = [];
        new Evaluator<float>(run.Network, source, rows, run.Preparation).Measure(run.State.Parameters,
            run.State.Buffers, (place, _, y) =>
        {
            (int row, int answer) = (rows[place], run.Preparation.ClassOf(y));
            if (answer == source.Classes[row]) return;
            (int, int) pair = (source.Classes[row], answer);
            if (!mistakes.TryGetValue(pair, out List<int>? found)) mistakes[pair] = found = [];
            found.Add(row);
        });
        json.WriteStartArray("mistakes");
        foreach (((int truth, int answer), List<int> found) in mistakes.OrderByDescending(m => m.Value.Count)
            .ThenBy(m => m.Key.Truth).ThenBy(m => m.Key.Answer).Take(Confused))
        {
            json.WriteStartObject();
            json.WriteString("truth", classes[truth]);
            json.WriteString("answer", classes[answer]);
            json.WriteNumber("count", found.Count);
            json.WriteNumber("row", found.Min());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("wrong", mistakes.Values.Sum(found => found.Count));
        json.WriteNumber("read", rows.Length);
        json.WriteString("part", isTest ? "test" : "train");
    }
}
