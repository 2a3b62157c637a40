using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Downhill.Docs.Tests.Api;

/// <summary>The documentation of an assembly, as Markdown.</summary>
/// <param name="file">The compiler's XML file.</param>
/// <param name="link">Markdown for a reference to a documented thing, by its id.</param>
internal sealed partial class ApiText(string file, Func<string, string> link)
{
    private readonly Dictionary<string, XElement> members = XDocument.Load(file).Descendants("member")
        .ToDictionary(m => m.Attribute("name")!.Value, StringComparer.Ordinal);

    /// <summary>A part of a member's documentation on one line, "" without it.</summary>
    public string Part(string id, string element) =>
        members.TryGetValue(id, out XElement? member) && member.Element(element) is XElement part ? Text(part) : "";

    /// <summary>Named parts: parameters by name, exceptions by type.</summary>
    public IEnumerable<(string Name, string Text)> Parts(string id, string element)
    {
        if (!members.TryGetValue(id, out XElement? member)) yield break;
        foreach (XElement part in member.Elements(element))
            yield return ((part.Attribute("name") ?? part.Attribute("cref"))!.Value, Text(part));
    }

    private string Text(XElement element)
    {
        StringBuilder text = new();
        Write(element, text);
        return Blanks().Replace(text.ToString(), " ").Trim();
    }

    private void Write(XElement element, StringBuilder text)
    {
        foreach (XNode node in element.Nodes())
        {
            if (node is XText plain) text.Append(Escape(plain.Value));
            if (node is not XElement part) continue;
            switch (part.Name.LocalName)
            {
                case "see" or "seealso":
                    string? id = part.Attribute("cref")?.Value;
                    text.Append(id is not null ? link(id)
                        : $"`{(part.Attribute("langword") ?? part.Attribute("href"))!.Value}`");
                    break;
                case "paramref" or "typeparamref":
                    text.Append($"`{part.Attribute("name")!.Value}`");
                    break;
                case "c" or "code":
                    text.Append($"`{Blanks().Replace(part.Value, " ").Trim()}`");
                    break;
                case "em" or "i":
                    text.Append($"*{Escape(part.Value)}*");
                    break;
                default: // para, list and the like: their text
                    text.Append(' ');
                    Write(part, text);
                    text.Append(' ');
                    break;
            }
        }
    }

    /// <summary>Signs that Markdown would take for its own; code between backticks stays.</summary>
    private static string Escape(string text) => string.Concat(text.Split('`').Select((part, i) =>
        i % 2 == 1 ? $"`{part}`" : Special().Replace(part, @"\$0").Replace("<", "&lt;", StringComparison.Ordinal)));

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"[*_\[\]]")]
    private static partial Regex Special();
}
