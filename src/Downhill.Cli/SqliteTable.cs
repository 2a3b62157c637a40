using System.Data.Common;
using Downhill.Data;
using Microsoft.Data.Sqlite;

namespace Downhill.Cli;

/// <summary>
/// <c>sqlite:FILE?SQL</c>: the rows of a query, or of a table or view whose name stands for the query. The database is
/// opened for reading only; a table that is read twice is the same both times, whatever others write meanwhile.
/// </summary>
internal static class SqliteTable
{
    private const string Prefix = "sqlite:";

    // What SQLite says; https://www.sqlite.org/rescode.html
    private const int GenericError = 1, Busy = 5, Locked = 6, ReadOnly = 8, Corrupt = 11, CannotOpen = 14,
        NotADatabase = 26;

    /// <summary>Seconds to wait for another program that has the database locked.</summary>
    private const int Patience = 5;

    public static bool Recognizes(string data) => data.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Rows to train on.</summary>
    public static DataReading Read(string data, TableOptions options) =>
        Read(data, options, (open, name) => DatabaseReader.Read(open, name, options));

    /// <summary>Rows for a model.</summary>
    public static DataReading Read(string data, IReadOnlyList<Column> inputs, Target target, bool needTarget,
        TableOptions options) =>
        Read(data, options, (open, name) => DatabaseReader.Read(open, name, inputs, target, needTarget, options));

    private static DataReading Read(string data, TableOptions options,
        Func<Func<DbDataReader>, string, DataReading> read)
    {
        DataArgument.RefuseLayout(data, options, "A database has columns with names: leave it out.");
        string[] parts = data[Prefix.Length..].Split('?', 2, StringSplitOptions.TrimEntries);
        (string path, string wanted) = (parts[0], parts.Length > 1 ? parts[1] : "");
        if (path.Length == 0)
            Throw.Input(
                data, "sqlite:FILE?SQL", "no file", "Write, for example, 'sqlite:shop.db?select * from sales'.");
        if (Directory.Exists(path)) Throw.Input(path, "an SQLite database", "a folder", "Name a file in it.");
        if (!File.Exists(path))
            Throw.Input(path, "an SQLite database", "nothing by that name", "Check the spelling and the folder.");
        try
        {
            using SqliteConnection connection = new(new SqliteConnectionStringBuilder
            {
                DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = Patience,
            }.ToString());
            connection.Open();
            string[] tables = Tables(connection);
            string query = Query(path, wanted, tables);
            using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
            try
            {
                return read(() => Execute(connection, snapshot, query), path);
            }
            catch (Exception e) when ((e as SqliteException ?? e.InnerException) is SqliteException
            {
                SqliteErrorCode: GenericError
            } error)
            {
                throw new DownhillException($"{path}: expected a query that SQLite understands, got \"{Shown(wanted)}"
                    + $"\" "
                    + $"({Plain(error)}). {Listed(tables)}", error);
            }
        }
        catch (Exception e) when ((e as SqliteException ?? e.InnerException) is SqliteException error
            && error.SqliteErrorCode != GenericError)
        {
            throw Refusal(path, wanted, error);
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException)
        {
            throw new DownhillException($"{data}: expected SQLite's library (e_sqlite3) beside the program, got none. "
                + "Copy it there from where the program was installed or built, or export the query as CSV.", e);
        }
    }

    private static SqliteDataReader Execute(SqliteConnection connection, SqliteTransaction snapshot, string query)
    {
        SqliteCommand command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (query, snapshot);
        return command.ExecuteReader();
    }

    /// <summary>A table's name stands for all of its rows; with one table only, nothing does.</summary>
    private static string Query(string path, string wanted, string[] tables)
    {
        string? table = wanted.Length == 0 && tables.Length == 1 ? tables[0]
            : tables.FirstOrDefault(name => string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase));
        if (table is not null) return $"select * from \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        if (wanted.Length == 0)
            Throw.Input(path, $"a query or a table after '?'", "none", $"{Listed(tables)} "
                + $"Write, for example, 'sqlite:{path}?select * from {tables.FirstOrDefault() ?? "TABLE"}'.");
        if (!wanted.Any(char.IsWhiteSpace))
            Throw.Input(path, "one of the tables, or a query", $"'{wanted}'",
                (Suggest.Nearest(wanted, tables) is string near ? $"Did you mean '{near}'? " : "") + Listed(tables));
        return wanted;
    }

    private static string[] Tables(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText =
            "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' order by name";
        using SqliteDataReader rows = command.ExecuteReader();
        List<string> names = [];
        while (rows.Read()) names.Add(rows.GetString(0));
        return [.. names];
    }

    private static string Listed(string[] tables) => tables.Length == 0 ? "The database has no table."
        : $"Its tables: {string.Join(", ", tables.Take(20))}"
        + $"{(tables.Length > 20 ? $" and {tables.Length - 20} more" : "")}.";

    private static DownhillException Refusal(string path, string wanted, SqliteException error)
    {
        (string expected, string got, string remedy) = error.SqliteErrorCode switch
        {
            Busy or Locked => ("a database that may be read", "one that another program has locked",
                "Try again when it is done, or copy the file and read the copy."),
            Corrupt => ("an SQLite database in order", "a damaged one",
                "Fetch it again, or repair it with sqlite3's .recover."),
            NotADatabase => ("an SQLite database", "a file of another kind, or an encrypted one",
                "Check the file; a text table is read without sqlite: in front."),
            CannotOpen => ("a database that may be read", "one that cannot be opened",
                "Check the rights of the file and its folder."),
            ReadOnly => (
                "a query that only reads", $"\"{Shown(wanted)}\"", "The database is never written to: give a SELECT."),
            _ => ("rows", $"an error ({Plain(error)})", "Check the database and the query."),
        };
        return new DownhillException($"{path}: expected {expected}, got {got}. {remedy}", error);
    }

    /// <summary>A query on one line, and not all of a long one.</summary>
    private static string Shown(string query)
    {
        string line = string.Join(' ', query.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 100 ? line : line[..99] + "…";
    }

    /// <summary>SQLite's own words, which the package puts between quotes.</summary>
    private static string Plain(SqliteException error)
    {
        string[] parts = error.Message.Split('\'', 2);
        return parts.Length == 2 ? parts[1].TrimEnd('.', '\'') : error.Message;
    }
}
