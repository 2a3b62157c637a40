using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("browser")]

namespace Downhill.Playground.Wasm;

/// <summary>
/// The playground in a Web Worker: the worker passes requests on and sends replies back. One worker, one session.
/// </summary>
internal static partial class Host
{
    // The worker's own and only one: JavaScript can hold no managed object without more ceremony.
    private static readonly Session session = new("browser");

    private static void Main()
    {
        // The runtime starts with it; from then on everything happens in Answer.
    }

    /// <summary>Answers a request.</summary>
    /// <param name="request">One JSON object.</param>
    /// <returns>A reply as docs/PLAYGROUND.md lays it out.</returns>
    [JSExport]
    internal static byte[] Answer(string request) => session.Answer(request);
}
