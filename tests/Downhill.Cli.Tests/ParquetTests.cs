using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Downhill.Data;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>A Parquet file wherever a CSV file goes, with the same result.</summary>
public sealed class ParquetTests : IDisposable
{
    private readonly Desk desk = new();

    public ParquetTests()
    {
        string from = Path.Combine(AppContext.BaseDirectory, "fixtures", "rust-zstd-groups.parquet");
        File.Copy(from, "rows.parquet");
        StringBuilder text = new();
        using DbDataReader reader = ParquetTable.Open("rows.parquet");
        text.AppendJoin(',', Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)).Append('\n');
        while (reader.Read())
            text.AppendJoin(',', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) switch
            {
                string words => $"\"{words}\"",
                bool truth => truth ? "true" : "false",
                DateTime day => day.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture),
                object value => Convert.ToString(value, CultureInfo.InvariantCulture),
            })).Append('\n');
        desk.Write("rows.csv", text.ToString());
    }

    public void Dispose() => desk.Dispose();

    [Fact]
    public void EveryCommandTakesItAsTheCsvFileWithItsRows()
    {
        string Train(string data, string test) =>
            JsonDocument.Parse(desk.Run($"train {data} --target kind --test {test} "
            + $"--epochs 3 --hidden 6 --model {data}.safetensors --json").Succeeded().Out).RootElement
            .GetProperty("weightsHash").GetString()!;
        Assert.Equal(Train("rows.csv", "rows.csv"), Train("rows.parquet", "rows.parquet"));
        foreach (string words in (string[])[
            "predict rows.csv.safetensors {0} --probabilities", "evaluate rows.csv.safetensors {0} --json",
            "explain rows.csv.safetensors {0} --row 3"])
        {
            string expected = desk.Run(string.Format(CultureInfo.InvariantCulture, words, "rows.csv")).Succeeded().Out;
            Assert.Equal(expected.Replace("rows.csv", "rows.parquet", StringComparison.Ordinal),
                desk.Run(string.Format(CultureInfo.InvariantCulture, words, "rows.parquet")).Succeeded().Out
                    .Replace("rows.csv", "rows.parquet", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void WhatIsWrongIsSaid()
    {
        desk.Write("torn.parquet", File.ReadAllBytes("rows.parquet")[..500]);
        Directory.CreateDirectory("parts.parquet");
        Assert.Contains("torn.parquet: expected a whole Parquet file", desk.Run("train torn.parquet").Refused(),
            StringComparison.Ordinal);
        Assert.Contains("nothing by that name", desk.Run("train none.parquet").Refused(), StringComparison.Ordinal);
        Assert.Contains("a folder", desk.Run("train parts.parquet").Refused(), StringComparison.Ordinal);
        Assert.Contains("A Parquet file has columns with names",
            desk.Run("train rows.parquet --no-header").Refused(), StringComparison.Ordinal);
    }
}
