using System.Globalization;
using System.Text;
using Downhill.Data;

namespace Downhill.Onnx.Tests;

/// <summary>
/// A model of a table as it comes, with dates in three forms, gaps among them, numbers and words: the parts of a date
/// that the exports are asked with are worked out here, not by the reader.
/// </summary>
internal sealed class DatedTable
{
    private const int Count = 150;

    public static Lazy<DatedTable> Fitted { get; } = new(() => new());

    private DatedTable()
    {
        string folder = Directory.CreateTempSubdirectory("downhill-dates").FullName;
        try
        {
            string path = Path.Combine(folder, "dated.csv");
            StringBuilder text = new("size,when,town,late\n");
            for (int row = 0; row < Count; row++)
                text.Append(CultureInfo.InvariantCulture,
                    $"{Size(row)},{Date(row)},{Town(row)},{(Time(row).Hour > 11 ? "yes" : "no")}\n");
            File.WriteAllText(path, text.ToString());
            Model = Model.Fit(CsvReader.Read(path).Data, new() { Hidden = [6], Epochs = 5 }).Model;
            Dataset read = CsvReader.Read(path, Model.Preparation.Inputs, Model.Preparation.Target, needTarget: false)
                .Data;
            Rows = [.. Enumerable.Range(0, Count).Select(Row)];
            Assert.Equal(read.Numeric, Rows.SelectMany(r => r.Numeric));
            Assert.Equal(read.Codes, Rows.SelectMany(r => r.Codes));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        Assert.Equal(["size", "when.year", "when.month", "when.day", "when.weekday", "when.hour", "town"],
            Model.Preparation.Inputs.Select(c => c.Name));
    }

    public Model Model { get; }

    /// <summary>The table's rows: numbers, codes.</summary>
    public (float[] Numeric, int[] Codes)[] Rows { get; }

    private static float Size(int row) => row * 37 % Count / 8f;

    private static string Town(int row) => row % 11 == 0 ? "" : ((string[])["Bonn", "Trier", "Ulm"])[row % 3];

    /// <summary>From a leap day on, 17 days, 5 hours and 7 minutes each.</summary>
    private static DateTime Time(int row) =>
        new DateTime(2024, 2, 29, 3, 0, 0).AddMinutes(row * (17 * 1440 + 5 * 60 + 7));

    private static string Date(int row) => row % 13 == 5 ? "" : Time(row).ToString(
        (row % 3) switch { 0 => "yyyy-MM-dd HH:mm", 1 => "dd.MM.yyyy HH:mm", _ => "yyyy-MM-ddTHH:mm:ssZ" },
        CultureInfo.InvariantCulture);

    private (float[], int[]) Row(int row)
    {
        DateTime time = Time(row);
        // 1 January 2024 was a Monday, weekday 1.
        int weekday = 1 + (time.Date - new DateTime(2024, 1, 1)).Days % 7;
        float[] parts = row % 13 == 5 ? [.. Enumerable.Repeat(float.NaN, 5)]
            : [time.Year, time.Month, time.Day, weekday, (float)((60 * time.Hour + time.Minute) / 60.0)];
        return ([Size(row), .. parts], [Model.Preparation.Inputs[^1].Categories.ToList().IndexOf(Town(row))]);
    }
}
