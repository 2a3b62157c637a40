using System.Reflection;

namespace Downhill.Docs.Tests.Api;

/// <summary>The names under which a compiler files documentation (C# specification, annex D).</summary>
internal static class MemberId
{
    public static string Of(Type type) => $"T:{Name(type)}";

    public static string Of(MemberInfo member) => member switch
    {
        Type type => Of(type),
        ConstructorInfo constructor =>
            $"M:{Name(member.DeclaringType!)}.#ctor{Parameters(constructor.GetParameters())}",
        MethodInfo method => $"M:{Name(member.DeclaringType!)}.{method.Name}"
            + (method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "")
            + Parameters(method.GetParameters())
            + (method.Name is "op_Implicit" or "op_Explicit" ? $"~{Reference(method.ReturnType)}" : ""),
        PropertyInfo property => $"P:{Name(member.DeclaringType!)}.{property.Name}"
            + Parameters(property.GetIndexParameters()),
        FieldInfo => $"F:{Name(member.DeclaringType!)}.{member.Name}",
        EventInfo => $"E:{Name(member.DeclaringType!)}.{member.Name}",
        _ => throw new ArgumentException($"Expected a type's member, got {member}.", nameof(member)),
    };

    private static string Name(Type type) =>
        (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static string Parameters(ParameterInfo[] parameters) => parameters.Length == 0 ? ""
        : $"({string.Join(',', parameters.Select(p => Reference(p.ParameterType)))})";

    private static string Reference(Type type)
    {
        if (type.IsByRef) return $"{Reference(type.GetElementType()!)}@";
        if (type.IsPointer) return $"{Reference(type.GetElementType()!)}*";
        if (type.IsArray)
        {
            int rank = type.GetArrayRank();
            string bounds = rank == 1 ? "" : string.Join(',', Enumerable.Repeat("0:", rank));
            return $"{Reference(type.GetElementType()!)}[{bounds}]";
        }
        if (type.IsGenericMethodParameter) return $"``{type.GenericParameterPosition}";
        if (type.IsGenericParameter) return $"`{type.GenericParameterPosition}";
        if (!type.IsGenericType) return Name(type);
        string name = Name(type);
        return $"{name[..name.IndexOf('`', StringComparison.Ordinal)]}"
            + $"{{{string.Join(',', type.GetGenericArguments().Select(Reference))}}}";
    }
}
