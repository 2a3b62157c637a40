using System.Globalization;
using System.Text;
using Downhill.Onnx;

namespace Downhill.Playground.Commands;

/// <summary>A way to take the trained network, its data or its history away.</summary>
/// <param name="Name">The request's <c>as</c>.</param>
/// <param name="Ending">Of the file's name.</param>
/// <param name="Mime">Media type.</param>
/// <param name="Write">The file's bytes.</param>
internal sealed record ExportKind(string Name, string Ending, string Mime, Func<Session, byte[]> Write);

/// <summary>A file to take away, as block <c>file</c>. Adding a kind: its line.</summary>
internal sealed record ExportCommand(ExportKind Kind) : Command
{
    public static IReadOnlyList<ExportKind> Kinds { get; } =
    [
        new("model", ".safetensors", "application/octet-stream", session => session.Run.Model().ToBytes()),
        new("onnx", ".onnx", "application/octet-stream", session => OnnxExport.ToBytes(session.Run.Model(), new() { Name = session.Run.Settings.Data })),
        .. SourceLanguage.All.Select(language => new ExportKind(language.Name, language.Extension, "text/plain",
            session => Encoding.UTF8.GetBytes(language.Write(session.Run.Model(), session.Run.Settings.Data)))),
        new("history", "-history.csv", "text/csv", session => Csv(
            ["step", "epoch", "train_loss", "test_loss", "penalty", "epoch_loss"],
            session.Run.Curve.Points.Select(p => new[] { p.Step, p.Epoch, p.Train, p.Test, p.Penalty, p.Learned }))),
        new("points", "-points.csv", "text/csv", Points),
    ];

    public static ExportCommand Parse(Fields fields)
    {
        string name = fields.Word("as", [.. Kinds.Select(k => k.Name)]);
        return new(Kinds.First(k => k.Name == name));
    }

    public override void Run(Session session, Reply reply)
    {
        byte[] file = Kind.Write(session);
        reply.Json.WriteString("name", $"{session.Run.Settings.Data}{Kind.Ending}");
        reply.Json.WriteString("mime", Kind.Mime);
        reply.Block("file", file, file.Length);
    }

    private static byte[] Points(Session session)
    {
        Dataset data = session.Table.Raw;
        StringBuilder text = new();
        string[] names = [.. data.Inputs.Select(c => c.Name), .. data.Target.Names];
        text.AppendJoin(',', names.Select(Quoted)).Append('\n');
        for (int row = 0; row < data.Rows; row++)
        {
            int n = 0, c = 0;
            foreach (Column column in data.Inputs)
                text.Append(column.Kind == ColumnKind.Numeric ? Text(data.Numeric[row * data.NumericCount + n++])
                    : data.Codes[row * data.CategoryCount + c++] is >= 0 and int code ? Quoted(column.Categories[code]) : "").Append(',');
            text.Append(data.Target.IsClass ? Quoted(data.Target.Classes[data.Classes[row]])
                : string.Join(',', data.Values.AsSpan(row * data.Target.Names.Count, data.Target.Names.Count).ToArray().Select(v => Text(v)))).Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static byte[] Csv(IReadOnlyList<string> names, IEnumerable<double[]> rows)
    {
        StringBuilder text = new();
        text.AppendJoin(',', names).Append('\n');
        foreach (double[] row in rows) text.AppendJoin(',', row.Select(v => double.IsNaN(v) ? "" : Numbers.Text(v))).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
