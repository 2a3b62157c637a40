using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Downhill.Cli.Tests;

/// <summary>Databases as DATA: the same as the file with their rows, for reading only, refused plainly.</summary>
public sealed class SqliteTests : IDisposable
{
    private readonly Desk desk = new();

    public SqliteTests()
    {
        Random random = new(5);
        StringBuilder file = new("size,colour,day,y\n");
        using SqliteConnection connection = Connect("shop.db");
        using SqliteTransaction all = connection.BeginTransaction();
        Run(connection, "create table sales (size real, colour text, day text, y text)");
        for (int i = 0; i < 120; i++)
        {
            string? colour = i % 11 == 0 ? null : ((string[])["red", "green", "blue"])[random.Next(3)];
            double size = Math.Round(10 * random.NextDouble(), 2);
            string day = string.Create(CultureInfo.InvariantCulture, $"2026-0{1 + i % 9}-1{i % 10}");
            string y = size + (colour == "red" ? 3 : 0) > 6 ? "yes" : "no";
            Run(connection, "insert into sales values ($size, $colour, $day, $y)", size, colour, day, y);
            file.Append(CultureInfo.InvariantCulture, $"{size},{colour},{day},{y}\n");
        }
        Run(connection, "create view large as select * from sales where size > 5");
        all.Commit();
        desk.Write("shop.csv", file.ToString());
    }

    public void Dispose() => desk.Dispose();

    private SqliteConnection Connect(string name, SqliteOpenMode mode = SqliteOpenMode.ReadWriteCreate)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(desk.Folder, name), Mode = mode, Pooling = false,
        }.ToString());
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql, params object?[] values)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        string[] names = ["$size", "$colour", "$day", "$y"];
        for (int i = 0; i < values.Length; i++) command.Parameters.AddWithValue(names[i], values[i] ?? DBNull.Value);
        command.ExecuteNonQuery();
    }

    [Fact]
    public void AreTheSameAsTheFileInEveryCommand()
    {
        string Hash(params string[] data) => System.Text.Json.JsonDocument.Parse(desk.Run(
            ["train", .. data, "--epochs", "4", "--hidden", "6", "--json"]).Succeeded().Out).RootElement
            .GetProperty("weightsHash").GetString()!;
        string expected = Hash("shop.csv");
        Assert.Equal(expected, Hash("sqlite:shop.db?SALES"));
        Assert.Equal(expected, Hash("sqlite:shop.db?select size, colour, day, y from sales"));
        Assert.Equal(expected, Hash("SQLITE:shop.db?select y, size, colour, day from sales", "--target", "y"));
        Assert.True(File.Exists("shop.safetensors"));

        string answers = desk.Run("predict shop.safetensors shop.csv --probabilities").Succeeded().Out;
        Assert.Equal(answers, desk.Run(["predict", "shop.safetensors",
            "sqlite:shop.db?select day, colour, size from sales", "--probabilities"]).Succeeded().Out);
        Assert.Equal(desk.Run("evaluate shop.safetensors shop.csv --json").Succeeded().Out,
            desk.Run("evaluate shop.safetensors sqlite:shop.db?sales --json").Succeeded().Out);
        Assert.Equal(desk.Run("explain shop.safetensors shop.csv --row 3").Succeeded().Out,
            desk.Run("explain shop.safetensors sqlite:shop.db?sales --row 3").Succeeded().Out);
        Assert.Contains("shop", desk.Run("inspect shop.safetensors").Succeeded().Out, StringComparison.Ordinal);
        string[] held = ["train", "shop.csv", "--epochs", "1", "--json", "--test"];
        Assert.Equal(desk.Run([.. held, "shop.csv"]).Succeeded().Out.Split("\"test\"")[1].Split('}')[0],
            desk.Run([.. held, "sqlite:shop.db?sales"]).Succeeded().Out.Split("\"test\"")[1].Split('}')[0]);
    }

    [Fact]
    public void WhatIsWrongIsSaidWithTheTables()
    {
        using (SqliteConnection connection = Connect("empty.db")) Run(connection, "create table t (a, y)");
        using (SqliteConnection connection = Connect("bare.db")) Run(connection, "vacuum");
        desk.Write("text.db", "a,y\n1,0\n2,1\nthis is a text table and no database at all\n");
        byte[] bytes = File.ReadAllBytes("shop.db");
        bytes.AsSpan(4096).Fill(0xA5);
        desk.Write("torn.db", bytes);
        (string Data, string Says)[] cases =
        [
            ("sqlite:shop.db", "expected a query or a table after '?', got none. Its tables: large, sales."),
            ("sqlite:shop.db?sale", "got 'sale'. Did you mean 'sales'? Its tables: large, sales."),
            ("sqlite:shop.db?select siez from sales", "(no such column: siez). Its tables: large, sales."),
            ("sqlite:shop.db?select * from sold", "(no such table: sold). Its tables: large, sales."),
            ("sqlite:shop.db?selec 1", "expected a query that SQLite understands, got \"selec 1\""),
            ("sqlite:shop.db?selec\n 1", "got \"selec 1\""),
            ("sqlite:shop.db?delete from sales", "expected a query that only reads, got \"delete from sales\""),
            ("sqlite:shop.db?select * from sales where size > 99", "shop.db: expected rows of data, got none"),
            ("sqlite:empty.db?t", "empty.db: expected rows of data, got none"),
            ("sqlite:bare.db", "The database has no table."),
            ("sqlite:no.db?t", "no.db: expected an SQLite database, got nothing by that name"),
            ("sqlite:.?t", "expected an SQLite database, got a folder"),
            ("sqlite:?t", "expected sqlite:FILE?SQL, got no file"),
            ("sqlite:text.db?t", "text.db: expected an SQLite database, got a file of another kind"),
            ("sqlite:torn.db?sales", "torn.db: expected an SQLite database in order, got a damaged one"),
            ("sqlite:shop.db?select *, x'00' as photo, y from sales", "'y' for columns 4 and 6"),
            ("sqlite:shop.db?select size, x'00' as photo, y from sales", "row 1, column 'photo': expected a number, "
                + "text, a truth value or a date, got bytes"),
        ];
        foreach ((string data, string says) in cases)
            Assert.Contains(says, desk.Run("train", data, "--epochs", "1").Refused(), StringComparison.Ordinal);
        Assert.Contains("A database has columns with names",
            desk.Run("train", "sqlite:shop.db?sales", "--delimiter", "tab").Refused(), StringComparison.Ordinal);
        Assert.False(File.Exists("no.db"));
        desk.Run("train", "sqlite:shop.db?select size, x'00' as photo, y from sales", "--ignore", "photo", "--epochs",
            "1").Succeeded();
    }

    [Fact]
    public void AModelNamesTheColumnThatIsMissing()
    {
        desk.Run("train shop.csv --epochs 1").Succeeded();
        Assert.Contains("shop.db: expected the model's input column 'colour', got columns size, day, y",
            desk.Run("predict", "shop.safetensors", "sqlite:shop.db?select size, day, y from sales").Refused(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void ALockedDatabaseIsRefusedAfterAWait()
    {
        using SqliteConnection writer = Connect("shop.db");
        Run(writer, "begin exclusive");
        Assert.Contains("shop.db: expected a database that may be read, got one that another program has locked",
            desk.Run("train", "sqlite:shop.db?sales").Refused(), StringComparison.Ordinal);
        Run(writer, "rollback");
        desk.Run("train", "sqlite:shop.db?sales", "--epochs", "1").Succeeded();
    }

    // SQLite holds no column to its type: a number column with one text is read again as categories.
    [Fact]
    public void AColumnOfMixedValuesIsWhatItIsInAFile()
    {
        using (SqliteConnection connection = Connect("mixed.db"))
        {
            Run(connection, "create table t (a integer, y integer)");
            for (int i = 0; i < 300; i++)
                Run(connection, i < 299 ? $"insert into t values ({i % 3}, {i % 2})"
                    : "insert into t values ('many', 1)");
        }
        Assert.Contains("categories: a (4)", desk.Run("train", "sqlite:mixed.db", "--epochs", "1").Succeeded().Error,
            StringComparison.Ordinal);
    }
}
