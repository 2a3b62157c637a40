using Downhill.Checks;

namespace Downhill.Onnx.Tests;

/// <summary>The checks of the native and the browser app, under the just-in-time compiler.</summary>
public sealed class OnnxChecksTests
{
    public static TheoryData<EngineCheck> Checks { get; } = new(OnnxChecks.All);

    [Theory, MemberData(nameof(Checks), DisableDiscoveryEnumeration = true)]
    public void Holds(EngineCheck check) => check.Run();
}
