using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Downhill.Kernels;

namespace Downhill.Cli.Bench;

/// <summary>Where and with what a measurement was made: without it a figure means nothing.</summary>
internal sealed record Machine
{
    /// <summary>The processor's name.</summary>
    public string Processor { get; } = ProcessorName();

    /// <summary>Processors that this process may use.</summary>
    public int Processors { get; } = Environment.ProcessorCount;

    /// <summary>The vector width of the kernels.</summary>
    public SimdWidth Width { get; } = Kernels<float>.For(Arithmetic.Fast).Width;

    /// <summary>The runtime's version.</summary>
    public string Runtime { get; } =
        $"{RuntimeInformation.FrameworkDescription}{(RuntimeFeature.IsDynamicCodeCompiled ? "" : ", native")}";

    /// <summary>The operating system.</summary>
    public string System { get; } = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}";

    /// <summary>Version of Downhill, with the commit it was built from where that is known.</summary>
    public string Version { get; } =
        typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Programs that wanted a processor in the last minute, this one included; NaN where the system does not
    /// say. Well above the threads in use, the figures are worth little.</summary>
    public static double Load()
    {
        if (!File.Exists("/proc/loadavg")) return double.NaN;
        return double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("processor", Processor);
        json.WriteNumber("processors", Processors);
        json.WriteString("vectorWidth", SimdWidths.Name(Width));
        json.WriteString("runtime", Runtime);
        json.WriteString("system", System);
        json.WriteString("version", Version);
        if (Load() is double load && double.IsFinite(load)) json.WriteNumber("load", load);
        json.WriteString("date", DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
    }

    private static string ProcessorName()
    {
        if (File.Exists("/proc/cpuinfo"))
            foreach (string line in File.ReadLines("/proc/cpuinfo"))
                if (line.StartsWith("model name", StringComparison.Ordinal))
                    return line[(line.IndexOf(':') + 1)..].Trim();
        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? $"{RuntimeInformation.ProcessArchitecture}";
    }
}
