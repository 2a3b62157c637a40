using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>What there is: catalogs, features, data sets, limits, and the table of properties; and the state.</summary>
internal sealed record HelloCommand : Command
{
    /// <summary>Most bytes of a table, its columns and its rows.</summary>
    public const int CsvBytes = 100_000_000, Columns = 4096, Rows = 1_000_000;

    public override void Run(Session session, Reply reply)
    {
        Utf8JsonWriter json = reply.Json;
        json.WriteNumber("protocol", 1);
        json.WriteString("version", typeof(Session).Assembly.GetName().Version?.ToString(3) ?? "");
        json.WriteString("host", session.Host);
        json.WriteStartObject("limits");
        json.WriteNumber("requestBytes", Session.MostRequestBytes);
        json.WriteNumber("csvBytes", CsvBytes);
        json.WriteNumber("columns", Columns);
        json.WriteNumber("rows", Rows);
        json.WriteNumber("points", FrameCommand.MostPoints);
        json.WriteNumber("layers", Properties.MostLayers);
        json.WriteNumber("units", Properties.MostUnits);
        json.WriteNumber("parameters", Properties.MostParameters);
        json.WriteNumber("unitMap", FrameCommand.MostUnitMap);
        json.WriteNumber("outputMap", FrameCommand.MostOutputMap);
        json.WriteEndObject();
        json.WriteStartObject("catalogs");
        Catalog catalog = Catalog.Default;
        Write(json, "activations", catalog.Activations);
        Write(json, "losses", catalog.Losses);
        Write(json, "optimizers", catalog.Optimizers);
        Write(json, "schedules", catalog.Schedules);
        Write(json, "initializers", catalog.Initializers);
        Write(json, "stoppingRules", catalog.StoppingRules);
        Write(json, "augmentations", catalog.Augmentations);
        json.WriteEndObject();
        json.WriteStartArray("features");
        foreach (Feature feature in Feature.All)
        {
            json.WriteStartObject();
            json.WriteString("name", feature.Name);
            json.WriteString("formula", feature.Formula);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("datasets");
        foreach (DataSetEntry data in DataSets.All)
        {
            json.WriteStartObject();
            json.WriteString("name", data.Name);
            json.WriteString("summary", data.Summary);
            json.WriteString("task", data.Classes == 0 && data.Load is not null ? "number" : "classes");
            json.WriteNumber("classes", data.Classes);
            json.WriteNumber("inputs", data.Inputs);
            json.WriteBoolean("made", data.IsMade);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("properties");
        foreach (Property property in Properties.All) property.Write(json);
        json.WriteEndArray();
        StateWriter.Texts(json, "commands", [.. CommandTable.All.Select(c => c.Name)]);
        StateWriter.Texts(json, "exports", [.. ExportCommand.Kinds.Select(k => k.Name)]);
        StateWriter.Write(session, reply);
    }

    private static void Write<TItem>(Utf8JsonWriter json, string name,
        IReadOnlyList<Entry<TItem>> entries) where TItem : CatalogItem
    {
        json.WriteStartArray(name);
        foreach (Entry<TItem> entry in entries)
        {
            json.WriteStartObject();
            json.WriteString("name", entry.Name);
            json.WriteString("form", entry.Form);
            json.WriteString("formula", entry.Formula);
            json.WriteString("summary", entry.Summary);
            json.WriteString("source", entry.Source);
            json.WriteStartArray("parameters");
            foreach (Parameter parameter in entry.Parameters)
            {
                json.WriteStartObject();
                json.WriteString("name", parameter.Name);
                json.WriteNumber("default", parameter.Default);
                Reply.WriteNumber(json, "min", parameter.Min);
                Reply.WriteNumber(json, "max", parameter.Max);
                json.WriteBoolean("excludesMin", parameter.ExcludesMin);
                json.WriteBoolean("whole", parameter.Whole);
                json.WriteString("summary", parameter.Summary);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
