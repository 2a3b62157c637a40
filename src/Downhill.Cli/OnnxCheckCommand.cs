using System.CommandLine;
using Downhill.Onnx;

namespace Downhill.Cli;

/// <summary><c>downhill onnx-check</c>: conformance, in the layout of ONNX's backend tests. Not listed.</summary>
internal sealed class OnnxCheckCommand : CliCommand
{
    private readonly Argument<string[]> folders;

    public OnnxCheckCommand(Terminal terminal, CancellationToken cancellation)
        : base("onnx-check", "Runs folders in the layout of ONNX's backend tests.", terminal, cancellation)
    {
        Hidden = true;
        folders = new("FOLDER")
        {
            Description = "a folder with model.onnx and test_data_set_*, or one that holds such folders",
            Arity = ArgumentArity.OneOrMore,
        };
        Arguments.Add(folders);
    }

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("onnx-check test_relu", "one test"),
        new("onnx-check node simple", "all tests of two suites"),
    ];

    protected override int Run(ParseResult words)
    {
        string[] tests = [.. words.GetValue(folders)!.SelectMany(OnnxCheck.Find)];
        int[] counts = new int[3];
        foreach (string test in tests)
        {
            Cancellation.ThrowIfCancellationRequested();
            OnnxCheckResult result = OnnxCheck.Run(test);
            counts[(int)result.Outcome]++;
            string outcome = result.Outcome switch
            {
                OnnxOutcome.Passed => "passed",
                OnnxOutcome.Refused => $"refused ({result.Why})",
                _ => $"failed ({result.Why})",
            };
            Terminal.Out.WriteLine($"{result.Name}: {outcome}");
        }
        Terminal.Out.WriteLine($"{counts[0]} passed, {counts[1]} refused, {counts[2]} failed");
        return counts[2] == 0 ? Cli.Done : Cli.WrongInput;
    }
}
