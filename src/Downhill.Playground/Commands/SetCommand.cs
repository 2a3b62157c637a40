using System.Text.Json;

namespace Downhill.Playground.Commands;

/// <summary>Properties by name; all or none are taken over.</summary>
internal sealed record SetCommand(IReadOnlyList<(Property Property, string Value)> Values) : Command
{
    public static SetCommand Parse(Fields fields)
    {
        JsonElement values = fields.Needed("values");
        if (values.ValueKind != JsonValueKind.Object) Throw.Input("Request 'set', field 'values'", "an object of settings", "something else", "Write {\"noise\": 0.1}.");
        List<(Property, string)> read = [];
        foreach (JsonProperty value in values.EnumerateObject())
        {
            Property property = Properties.Find(value.Name) ?? Throw.Input<Property>("Setting", "a property of the table", $"'{Properties.Short(value.Name)}'",
                Suggest.DidYouMean(Properties.Short(value.Name), Properties.All.Select(p => p.Name)));
            read.Add((property, property.TextOf(value.Value)));
        }
        return new(read);
    }

    public override void Run(Session session, Reply reply)
    {
        Settings settings = session.Run.Settings;
        foreach ((Property property, string value) in Values) settings = property.Read(settings, value);
        session.Apply(settings);
        StateWriter.Write(session, reply);
    }
}
