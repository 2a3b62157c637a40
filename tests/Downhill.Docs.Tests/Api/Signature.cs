using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Downhill.Docs.Tests.Api;

/// <summary>Types and members as one writes them in C#.</summary>
internal static class Signature
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool",
        [typeof(char)] = "char", [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short",
        [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long",
        [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    private static readonly Dictionary<string, string> Operators = new(StringComparer.Ordinal)
    {
        ["op_Addition"] = "+", ["op_Subtraction"] = "-", ["op_Multiply"] = "*", ["op_Division"] = "/",
        ["op_UnaryNegation"] = "-", ["op_Equality"] = "==", ["op_Inequality"] = "!=", ["op_LessThan"] = "<",
        ["op_GreaterThan"] = ">",
    };

    public static bool IsRecord(Type type) => type.GetMethod("PrintMembers",
        BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is not null;

    /// <summary><c>Network&lt;T&gt;</c>: the type's own name.</summary>
    public static string Name(Type type)
    {
        string name = type.Name.Split('`')[0];
        if (type.IsNested) name = $"{Name(type.DeclaringType!)}.{name}";
        return type.IsGenericTypeDefinition
            ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(a => a.Name))}>" : name;
    }

    /// <summary>The type's declaration, without its body.</summary>
    public static string Of(Type type)
    {
        StringBuilder text = new("public ");
        if (type.IsEnum) return $"public enum {Name(type)}";
        if (type.IsInterface) text.Append("interface ");
        else if (type.IsValueType)
            text.Append(type.GetCustomAttribute<IsReadOnlyAttribute>() is null ? "" : "readonly ")
                .Append(type.IsByRefLike ? "ref " : "").Append(IsRecord(type) ? "record struct " : "struct ");
        else
            text.Append(type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract "
                : type.IsSealed ? "sealed " : "").Append(IsRecord(type) ? "record " : "class ");
        text.Append(Name(type));
        List<string> bases = [];
        if (type.BaseType is Type parent && parent != typeof(object) && parent != typeof(ValueType))
            bases.Add(Reference(parent));
        Type[] inherited = type.BaseType?.GetInterfaces() ?? [];
        bases.AddRange(type.GetInterfaces().Where(i => i.IsVisible && !inherited.Contains(i)
            && i.Name != "IEquatable`1").Select(i => Reference(i)).Order(StringComparer.Ordinal));
        if (bases.Count > 0) text.Append(" : ").AppendJoin(", ", bases);
        return text.Append(Constraints(type.GetGenericArguments())).ToString();
    }

    public static string Of(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"{Name(member.DeclaringType!).Split('<')[0]}"
            + $"({Parameters(constructor.GetParameters())})",
        MethodInfo method => Of(method),
        PropertyInfo property => Of(property),
        FieldInfo field => Of(field),
        EventInfo one => $"event {Reference(one.EventHandlerType!)} {one.Name}",
        _ => throw new ArgumentException($"Expected a type's member, got {member}.", nameof(member)),
    };

    private static string Of(MethodInfo method)
    {
        string type = Reference(method.ReturnType, new NullabilityInfoContext().Create(method.ReturnParameter));
        if (method.ReturnType.IsByRef) type = $"ref {type}";
        string name = Operators.TryGetValue(method.Name, out string? sign) ? $"operator {sign}"
            : method.Name == "op_Implicit" ? $"implicit operator {type}"
            : method.Name == "op_Explicit" ? $"explicit operator {type}" : $"{type} {method.Name}";
        if (sign is not null) name = $"{type} {name}";
        Type[] generic = method.IsGenericMethod ? method.GetGenericArguments() : [];
        string arguments = generic.Length == 0 ? "" : $"<{string.Join(", ", generic.Select(a => a.Name))}>";
        string receiver = method.GetCustomAttribute<ExtensionAttribute>() is null ? "" : "this ";
        return $"{Modifiers(method)}{name}{arguments}({receiver}{Parameters(method.GetParameters())})"
            + Constraints(generic);
    }

    private static string Of(PropertyInfo property)
    {
        MethodInfo accessor = (property.GetMethod ?? property.SetMethod)!;
        string type = Reference(property.PropertyType, new NullabilityInfoContext().Create(property));
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length > 0 ? $"this[{Parameters(index)}]" : property.Name;
        bool isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers()
            .Contains(typeof(IsExternalInit)) == true;
        string set = property.SetMethod is not { IsPublic: true } ? "" : isInit ? " init;" : " set;";
        string required = property.GetCustomAttribute<RequiredMemberAttribute>() is null ? "" : "required ";
        return $"{Modifiers(accessor)}{required}{type} {name} {{ get;{set} }}";
    }

    private static string Of(FieldInfo field)
    {
        if (field.DeclaringType!.IsEnum) return field.Name;
        string type = Reference(field.FieldType, new NullabilityInfoContext().Create(field));
        return field.IsLiteral ? $"const {type} {field.Name} = {Value(field.GetRawConstantValue(), field.FieldType)}"
            : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name}";
    }

    private static string Modifiers(MethodBase method)
    {
        string visible = method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "";
        if (method.DeclaringType!.IsInterface)
            return method.IsStatic ? method.IsAbstract ? "static abstract " : "static "
                : method.IsAbstract ? "" : "virtual ";
        return visible + (method.IsStatic ? "static " : method.IsAbstract ? "abstract "
            : method is MethodInfo { IsVirtual: true, IsFinal: false } m && m.GetBaseDefinition() == m ? "virtual "
            : "");
    }

    private static string Parameters(IEnumerable<ParameterInfo> parameters) =>
        string.Join(", ", parameters.Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        string passed = parameter.IsOut ? "out " : !type.IsByRef ? "" : parameter.IsIn ? "in " : "ref ";
        if (parameter.GetCustomAttribute<ParamArrayAttribute>() is not null
            || parameter.GetCustomAttribute<ParamCollectionAttribute>() is not null) passed = "params ";
        string text = $"{passed}{Reference(type, new NullabilityInfoContext().Create(parameter))} {parameter.Name}";
        return parameter.HasDefaultValue ? $"{text} = {Value(parameter.RawDefaultValue, type)}" : text;
    }

    private static string Constraints(Type[] parameters)
    {
        StringBuilder text = new();
        foreach (Type parameter in parameters)
        {
            List<string> all = [];
            GenericParameterAttributes has = parameter.GenericParameterAttributes;
            bool isUnmanaged = parameter.GetCustomAttributesData()
                .Any(a => a.AttributeType.Name == "IsUnmanagedAttribute");
            if (isUnmanaged) all.Add("unmanaged");
            else if (has.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint)) all.Add("struct");
            else if (has.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) all.Add("class");
            all.AddRange(parameter.GetGenericParameterConstraints().Where(c => c != typeof(ValueType))
                .Select(c => Reference(c)));
            if (all.Count > 0) text.Append($" where {parameter.Name} : {string.Join(", ", all)}");
        }
        return text.ToString();
    }

    private static string Value(object? value, Type type) => value switch
    {
        null => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null",
        string text => $"\"{text}\"",
        char sign => $"'{sign}'",
        bool yes => yes ? "true" : "false",
        double.PositiveInfinity => "double.PositiveInfinity",
        double.NegativeInfinity => "double.NegativeInfinity",
        double.NaN => "double.NaN",
        _ when type.IsEnum => $"{type.Name}.{Enum.GetName(type, value)}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>A type as it stands in a signature.</summary>
    public static string Reference(Type type, NullabilityInfo? nullability = null)
    {
        if (type.IsByRef) return Reference(type.GetElementType()!, nullability);
        if (type.IsPointer) return $"{Reference(type.GetElementType()!)}*";
        if (Nullable.GetUnderlyingType(type) is Type value) return $"{Reference(value)}?";
        string mark = !type.IsValueType && nullability?.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray)
            return $"{Reference(type.GetElementType()!, nullability?.ElementType)}"
                + $"[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        if (Keywords.TryGetValue(type, out string? keyword)) return keyword + mark;
        if (type.IsGenericParameter) return type.Name + mark;
        Type[] arguments = type.GetGenericArguments();
        NullabilityInfo[] marks = nullability?.GenericTypeArguments ?? [];
        string[] names = [.. arguments.Select((a, i) => Reference(a, i < marks.Length ? marks[i] : null))];
        if (type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true)
            return $"({string.Join(", ", names)}){mark}";
        string name = type.Name.Split('`')[0];
        if (type.IsNested) name = $"{type.DeclaringType!.Name.Split('`')[0]}.{name}";
        return (names.Length == 0 ? name : $"{name}<{string.Join(", ", names)}>") + mark;
    }
}
