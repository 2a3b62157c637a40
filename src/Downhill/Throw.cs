using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Downhill;

/// <summary>
/// Something the caller can put right: bad data, a bad argument, a damaged file. The message says where, what was
/// expected, what came and what to do; it is meant to be shown as it is, without a stack trace.
/// </summary>
public sealed class DownhillException : Exception
{
    public DownhillException(string message) : base(message) { }
    public DownhillException(string message, Exception inner) : base(message, inner) { }

    internal DownhillException(string where, string expected, string got, string remedy)
        : base($"{where}: expected {expected}, got {got}. {remedy}") =>
        (Where, Expected, Got, Remedy) = (where, expected, got, remedy);

    /// <summary>What the message is about; this and the three others are empty where the message has no such
    /// parts.</summary>
    public string Where { get; } = "";

    /// <summary>What should have come.</summary>
    public string Expected { get; } = "";

    /// <summary>What came.</summary>
    public string Got { get; } = "";

    /// <summary>What to do.</summary>
    public string Remedy { get; } = "";
}

/// <summary>The engine's only way to refuse. Kept out of line so that the callers stay small.</summary>
internal static class Throw
{
    /// <summary>Refuses with "where: expected …, got …. Remedy."</summary>
    [DoesNotReturn, StackTraceHidden]
    public static void Input(string where, string expected, string got, string remedy) =>
        throw new DownhillException(where, expected, got, remedy);

    [DoesNotReturn, StackTraceHidden]
    public static T Input<T>(string where, string expected, string got, string remedy) =>
        throw new DownhillException(where, expected, got, remedy);
}
