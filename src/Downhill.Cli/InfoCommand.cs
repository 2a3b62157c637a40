using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Downhill.Kernels;
using Downhill.Threading;

namespace Downhill.Cli;

/// <summary><c>downhill info</c>: what runs here and how.</summary>
internal sealed class InfoCommand : CliCommand
{
    private readonly GroupedOption<bool> json;

    public InfoCommand(Terminal terminal, CancellationToken cancellation)
        : base("info", "Shows version, vector width and threads of this machine.", terminal, cancellation) =>
        json = AddFlag("Options", "--json", "one JSON object instead of text");

    public override IReadOnlyList<Example> Examples { get; } =
        [new("info", "all of it"), new("info --json", "for a script or a bug report")];

    protected override int Run(ParseResult words)
    {
        Kernels<float> kernels = Kernels<float>.For(Arithmetic.Fast);
        string? forced = Environment.GetEnvironmentVariable(SimdWidths.Variable);
        bool isForced = !string.IsNullOrWhiteSpace(forced);
        string[] supported = [.. SimdWidths.Supported.Select(SimdWidths.Name)];
        if (words.GetValue(json))
        {
            JsonReport.Write(Terminal, json =>
            {
                json.WriteString("version", VersionLine.Version);
                json.WriteString("vectorWidth", SimdWidths.Name(kernels.Width));
                JsonReport.Texts(json, "vectorWidths", supported);
                json.WriteBoolean("vectorWidthForced", isForced);
                json.WriteBoolean("fusedMultiplyAdd", kernels.IsFused);
                json.WriteNumber("threads", Team.DefaultSize);
                json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
                json.WriteBoolean("nativeCode", !RuntimeFeature.IsDynamicCodeCompiled);
                json.WriteString("system", RuntimeInformation.OSDescription);
                json.WriteString("processor", RuntimeInformation.ProcessArchitecture.ToString());
            });
            return Cli.Done;
        }
        string width = kernels.Width == SimdWidth.Scalar ? "one number at a time"
            : $"{SimdWidths.Name(kernels.Width)} bits, {kernels.Count} floats at a time";
        Line("version", VersionLine.Version);
        Line("vectors", $"{width}{(isForced ? $" (forced by {SimdWidths.Variable}={forced!.Trim()})" : "")}");
        Line("possible", string.Join(", ", supported));
        Line("arithmetic",
            $"fast: {(kernels.IsFused ? "fused multiply-add" : "multiply, then add: no fused instruction here")}"
                + $"; portable: multiply, then add");
        Line("threads", $"{Team.DefaultSize}");
        Line("runtime", $"{RuntimeInformation.FrameworkDescription}, "
            + (RuntimeFeature.IsDynamicCodeCompiled ? "compiled just in time" : "native code"));
        Line("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}");
        return Cli.Done;

        void Line(string word, string text) =>
            Terminal.Out.WriteLine($"  {Terminal.Paint(word.PadRight(12), Ink.Dim)}{text}");
    }
}
