using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Downhill.Bench;
using Downhill.Cli.Bench;

const string Usage = """
    Downhill.Bench micro [options]            kernels beside their naive forms, by BenchmarkDotNet (micro --help)
    Downhill.Bench serve --threads N          Downhill under the command of bench/run
    Downhill.Bench onnxruntime --threads N    ONNX Runtime under the command of bench/run
    Downhill.Bench load TOOL [SECONDS]        requests to 'TOOL serve', for bench/serve

    'bench/run' measures Downhill and its peers side by side; 'downhill bench' measures Downhill alone.
    """;

switch (args)
{
    case ["micro", ..]:
        // Within this process: the build of a project for each benchmark, BenchmarkDotNet's custom, knows nothing of
        // the settings at the root of this repository.
        IConfig config = DefaultConfig.Instance
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .WithArtifactsPath(Path.Combine("artifacts", "benchmarks"));
        BenchmarkSwitcher.FromAssembly(typeof(Server).Assembly).Run(args[1..], config);
        return 0;
    case ["serve", ..]:
        return Server.Run(args[1..], "downhill", BenchRun.Of);
    case ["onnxruntime", ..]:
        return Server.Run(args[1..], "onnxruntime", OnnxRuntimeRun.Bind);
    case ["load", string tool, ..] when args.Length <= 3:
        return ServeLoad.Run(tool,
            args.Length > 2 ? double.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture) : 5);
    case ["--help" or "-h"]:
        Console.WriteLine(Usage);
        return 0;
    default:
        Console.Error.WriteLine(Usage);
        return 1;
}
