using Downhill.Checks;

namespace Downhill.Tests;

/// <summary>The checks of the native and the browser app, under the just-in-time compiler.</summary>
public sealed class EngineChecksTests
{
    public static TheoryData<EngineCheck> Checks { get; } = new(EngineChecks.All);

    [Theory, MemberData(nameof(Checks), DisableDiscoveryEnumeration = true)]
    public void Holds(EngineCheck check) => check.Run();
}
