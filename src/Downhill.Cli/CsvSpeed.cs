using System.Buffers.Text;
using System.Diagnostics;
using Downhill.Data;

namespace Downhill.Cli;

/// <summary>How fast a text table becomes a network's inputs on this machine: from the file to numbers and category
/// codes, and on to encoded inputs.</summary>
/// <param name="Rows">Of the table.</param>
/// <param name="Columns">Of the table, with the target.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="Seconds">Of reading, by the clock.</param>
/// <param name="ProcessorSeconds">Of reading: the time that this process had a processor in its own code, all threads
/// together. What the system takes for the file and for memory is not in it.</param>
/// <param name="EncodedSeconds">Of reading, fitting the preparation and encoding all rows, as
/// <paramref name="ProcessorSeconds"/>.</param>
/// <param name="PeakBytes">The most memory the process had, to the end.</param>
internal sealed record CsvSpeed(int Rows, int Columns, long Bytes, double Seconds, double ProcessorSeconds,
    double EncodedSeconds, long PeakBytes)
{
    /// <summary>Rows that are encoded at once, as in training.</summary>
    private const int Batch = 1000;

    private const int Categories = 12;

    /// <summary>Speed by processor time; null where that was too short for the system to count.</summary>
    public double? MegabytesPerProcessorSecond => ProcessorSeconds > 0 ? Bytes / 1e6 / ProcessorSeconds : null;

    /// <summary>Makes a table in the folder for temporary files, reads it and removes it.</summary>
    /// <param name="rows">Rows, from 20.</param>
    /// <param name="columns">Columns, from 2: of ten, seven hold numbers with decimals, one whole numbers, one numbers
    /// of which every twentieth is missing, one words; the last is a class.</param>
    public static CsvSpeed Measure(int rows, int columns)
    {
        string folder = Directory.CreateTempSubdirectory("downhill-bench").FullName;
        try
        {
            string path = Path.Combine(folder, "table.csv");
            Write(path, rows, columns);
            string small = Path.Combine(folder, "small.csv");
            Write(small, Math.Min(rows, 20_000), columns);
            for (int i = 0; i < 3; i++) CsvReader.Read(small); // until the code is compiled for speed
            GC.Collect();
            TimeSpan user = Environment.CpuUsage.UserTime;
            long start = Stopwatch.GetTimestamp();
            Dataset data = CsvReader.Read(path).Data;
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            double reading = (Environment.CpuUsage.UserTime - user).TotalSeconds;
            if (data.Rows != rows || data.Inputs.Count != columns - 1)
                throw new InvalidOperationException($"{data.Rows} rows of {data.Inputs.Count} inputs were read.");
            Encode(data);
            double encoded = (Environment.CpuUsage.UserTime - user).TotalSeconds;
            return new(rows, columns, new FileInfo(path).Length, seconds, reading, encoded,
                Process.GetCurrentProcess().PeakWorkingSet64);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Encode(Dataset data)
    {
        Preparation preparation =
            Preparation.Fit(data, [.. Enumerable.Range(0, data.Rows)], Downhill.Scaling.Standard);
        float[] inputs = new float[Batch * preparation.Width];
        int numbers = data.NumericCount, codes = data.CategoryCount;
        for (int row = 0; row < data.Rows; row += Batch)
        {
            int count = Math.Min(Batch, data.Rows - row);
            preparation.Encode<float>(data.Numeric.AsSpan(row * numbers, count * numbers),
                data.Codes.AsSpan(row * codes, count * codes), inputs, count);
        }
    }

    private static void Write(string path, int rows, int columns)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        byte[] line = new byte[columns * 24];
        int at = 0;
        for (int c = 0; c < columns; c++) Put($"c{c}", c);
        End();
        ulong state = 1;
        for (int row = 0; row < rows; row++)
        {
            for (int c = 0; c < columns; c++)
            {
                // Knuth's linear congruence; its upper half is random enough for a table to look at.
                state = state * 6364136223846793005 + 1442695040888963407;
                uint random = (uint)(state >> 32);
                int kind = c == columns - 1 ? 10 : c % 10;
                if (kind == 10) Put(random % 3 == 0 ? "yes" : "no", c);
                else if (kind == 9) Put($"word{random % Categories}", c);
                else if (kind == 8 && random % 20 == 0) Put("", c);
                else if (kind == 7) Number(random % 100_000, 0, c);
                else Number((random % 20_000_000 / 10_000.0) - 1000, 4, c);
            }
            End();
        }

        void Number(double value, int decimals, int column)
        {
            if (column > 0) line[at++] = (byte)',';
            Utf8Formatter.TryFormat(value, line.AsSpan(at), out int length, new('F', (byte)decimals));
            at += length;
        }

        void Put(string text, int column)
        {
            if (column > 0) line[at++] = (byte)',';
            foreach (char c in text) line[at++] = (byte)c;
        }

        void End()
        {
            line[at++] = (byte)'\n';
            file.Write(line, 0, at);
            at = 0;
        }
    }
}
