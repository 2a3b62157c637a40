namespace Downhill.Playground;

/// <summary>Data the user brought: the rows in use, and for a table its text, so that other columns can be picked.</summary>
/// <param name="Data">The rows.</param>
/// <param name="Text">The table as it came, or null for drawn points.</param>
/// <param name="Name">Name of the table.</param>
internal sealed record OwnData(Dataset Data, string? Text, string Name);
