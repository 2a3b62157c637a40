using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Downhill.Docs.Tests.Api;

/// <summary>A page of the reference: the public types of one kind, in alphabetical order.</summary>
/// <param name="Name">Of the file, without ending.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Types">What it shows.</param>
internal sealed partial record ApiPage(string Name, string Title, IReadOnlyList<Type> Types)
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public
        | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>The place of a type on its page, as a forge makes it of the heading.</summary>
    public static string Anchor(Type type) =>
        NoLetter().Replace(Signature.Name(type).ToLowerInvariant(), "").Replace(' ', '-');

    public string Text(Func<Type, ApiText> docs)
    {
        StringBuilder text = new($"# {Title}\n\n[Index](README.md)\n");
        foreach (Type type in Types)
        {
            ApiText doc = docs(type);
            string id = MemberId.Of(type);
            text.Append($"\n## {Heading(type)}\n\n```csharp\n{Signature.Of(type)}\n```\n\n");
            foreach (string part in (string[])["summary", "remarks"])
                if (doc.Part(id, part) is { Length: > 0 } words) text.Append($"{words}\n\n");
            foreach ((string name, string words) in doc.Parts(id, "typeparam")) text.Append($"- `{name}`: {words}\n");
            string[] positional = Signature.IsRecord(type) ? [.. doc.Parts(id, "param").Select(p => p.Name)] : [];
            foreach (MemberInfo member in Members(type)) Write(member, doc, positional, text);
        }
        return text.ToString().TrimEnd() + "\n";
    }

    /// <summary>What a user can see and did not get from elsewhere, with what the compiler made left out.</summary>
    private static IEnumerable<MemberInfo> Members(Type type)
    {
        bool isRecord = Signature.IsRecord(type);
        return type.GetMembers(Declared).Where(m => m switch
        {
            ConstructorInfo c => IsVisible(c) && !(type.IsValueType && c.GetParameters().Length == 0)
                && !(isRecord && c.GetParameters() is [{ } only] && only.ParameterType == type),
            MethodInfo f => IsVisible(f) && (!f.IsSpecialName || f.Name.StartsWith("op_", StringComparison.Ordinal))
                && !(f.IsVirtual && f.GetBaseDefinition() != f)
                && f.Name is not ("Equals" or "GetHashCode" or "ToString" or "PrintMembers" or "<Clone>$" or "GetType")
                && !(isRecord && f.Name is "Deconstruct" or "op_Equality" or "op_Inequality"),
            PropertyInfo p => (p.GetMethod ?? p.SetMethod) is MethodInfo accessor && IsVisible(accessor)
                && !(accessor.IsVirtual && accessor.GetBaseDefinition() != accessor) && p.Name != "EqualityContract",
            FieldInfo f => (f.IsPublic || f.IsFamily) && !f.IsSpecialName,
            EventInfo e => IsVisible(e.AddMethod!),
            _ => false,
        }).OrderBy(Order).ThenBy(m => m.MetadataToken);
    }

    private static int Order(MemberInfo member) => member switch
    {
        FieldInfo => 0,
        ConstructorInfo => 1,
        PropertyInfo => 2,
        EventInfo => 3,
        _ => 4,
    };

    private static bool IsVisible(MethodBase method) =>
        method.IsPublic || (method is { IsFamily: true } or { IsFamilyOrAssembly: true }
            && !method.DeclaringType!.IsSealed);

    private static void Write(MemberInfo member, ApiText doc, string[] positional, StringBuilder text)
    {
        string id = MemberId.Of(member), type = MemberId.Of(member.DeclaringType!);
        string words = doc.Part(id, "summary");
        bool isPrimary = member is ConstructorInfo c && positional.Length > 0
            && c.GetParameters().Select(p => p.Name).SequenceEqual(positional);
        if (words.Length == 0 && positional.Contains(member.Name))
            words = doc.Parts(type, "param").First(p => p.Name == member.Name).Text;
        if (isPrimary) words = ""; // those of the type; its parameters are the properties that follow
        text.Append($"- `{Signature.Of(member)}`{(words.Length > 0 ? $"  \n  {words}" : "")}\n");
        if (isPrimary) return;
        if (doc.Part(id, "remarks") is { Length: > 0 } remarks) text.Append($"  {remarks}\n");
        foreach ((string name, string what) in doc.Parts(id, "param"))
            if (what.Length > 0) text.Append($"  - `{name}`: {what}\n");
        if (doc.Part(id, "returns") is { Length: > 0 } returned) text.Append($"  - returns: {returned}\n");
        foreach ((string name, string when) in doc.Parts(id, "exception"))
            text.Append($"  - throws `{name[(name.LastIndexOf('.') + 1)..]}`: {when}\n");
    }

    private static string Heading(Type type) => Signature.Name(type).Replace("<", "\\<", StringComparison.Ordinal)
        .Replace(">", "\\>", StringComparison.Ordinal);

    [GeneratedRegex("[^a-z0-9 _-]")]
    private static partial Regex NoLetter();
}
