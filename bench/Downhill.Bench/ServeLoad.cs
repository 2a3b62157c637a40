using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Downhill.Cli.Bench;

namespace Downhill.Bench;

/// <summary>
/// Load on <c>downhill serve</c> over loopback: connections that stay open, each sends a row of W2's network as JSON
/// and waits for the answer. Client and server share the machine, as they would in production on one.
/// </summary>
internal static class ServeLoad
{
    private const int Connections = 16;

    /// <param name="tool">The built <c>downhill</c>.</param>
    /// <param name="seconds">Of measurement, after two of warm-up.</param>
    public static int Run(string tool, double seconds)
    {
        string folder = Directory.CreateTempSubdirectory("downhill-").FullName,
            path = Path.Combine(folder, "w2.safetensors");
        Workload workload = Workloads.All.First(w => w.Name == "W2");
        WorkloadData data = WorkloadData.Of(workload);
        Model.Fit(data.Rows, new() { Hidden = [64, 64], Epochs = 1, TestShare = 0 }).Model.Save(path);
        using Process server = Process.Start(new ProcessStartInfo(tool, ["serve", path, "--port", "0"])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            string address = server.StandardOutput.ReadLine()
                ?? throw new DownhillException($"{tool}: expected the server's address, got its end. "
                    + server.StandardError.ReadToEnd());
            int port = new Uri(address).Port;
            float[] row = data.Rows.Numeric[..data.Rows.NumericCount];
            byte[] request = Request(port, row);
            Load(port, request, 2);
            (double[] times, double taken) = Load(port, request, seconds);
            Array.Sort(times);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{times.Length / taken:N0} answers/s over {Connections} connections; "
                + $"median {times[times.Length / 2] * 1e3:F2} ms, p99 {times[times.Length * 99 / 100] * 1e3:F2} ms, "
                + $"most {times[^1] * 1e3:F2} ms"));
            return 0;
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Request(int port, float[] row)
    {
        string body = $"[{string.Join(',', row.Select(x => x.ToString(CultureInfo.InvariantCulture)))}]";
        return Encoding.ASCII.GetBytes($"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    private static (double[] Times, double Seconds) Load(int port, byte[] request, double seconds)
    {
        long began = Stopwatch.GetTimestamp(), end = began + (long)(seconds * Stopwatch.Frequency);
        Task<List<double>>[] all = [.. Enumerable.Range(0, Connections).Select(_ => One(port, request, end))];
        double[] times = [.. Task.WhenAll(all).GetAwaiter().GetResult().SelectMany(t => t)];
        return (times, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static async Task<List<double>> One(int port, byte[] request, long end)
    {
        List<double> times = new(1 << 16);
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port).ConfigureAwait(false);
        byte[] answer = new byte[16 << 10];
        while (Stopwatch.GetTimestamp() is long sent && sent < end)
        {
            await socket.SendAsync(request).ConfigureAwait(false);
            int length = 0;
            while (!IsWhole(answer.AsSpan(0, length)))
            {
                int read = await socket.ReceiveAsync(answer.AsMemory(length)).ConfigureAwait(false);
                if (read == 0) throw new DownhillException("Expected an answer, got the end of the connection.");
                length += read;
            }
            times.Add(Stopwatch.GetElapsedTime(sent).TotalSeconds);
        }
        return times;
    }

    /// <summary>Whether the head and the length it tells are there.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        int head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0) return false;
        if (!answer.StartsWith("HTTP/1.1 200"u8))
            throw new DownhillException($"Expected status 200, got {Encoding.ASCII.GetString(answer)}.");
        int at = answer.IndexOf("Content-Length: "u8) + "Content-Length: ".Length;
        int digits = answer[at..].IndexOf("\r\n"u8);
        return answer.Length >= head + 4 + int.Parse(answer.Slice(at, digits), CultureInfo.InvariantCulture);
    }
}
