using System.Globalization;

namespace Downhill.Data;

/// <summary>
/// Dates as numbers a network can use: column <c>when</c> becomes <c>when.year</c>, <c>when.month</c> (1–12),
/// <c>when.day</c> (1–31), <c>when.weekday</c> (Monday 1 … Sunday 7) and <c>when.hour</c> (0–24, with fractions).
/// </summary>
internal static class DateParts
{
    public static string[] Names { get; } = ["year", "month", "day", "weekday", "hour"];

    private static readonly string[] Forms =
    [
        "yyyy-MM-dd", "yyyy/MM/dd", "dd.MM.yyyy", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm",
            "yyyy-MM-ddTHH:mm:ss",
        "yyyy-MM-ddTHH:mm:ssZ", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-ddTHH:mm:ss.FFFFFFF",
            "yyyy-MM-ddTHH:mm:ss.FFFFFFFZ",
        "yyyy/MM/dd HH:mm", "yyyy/MM/dd HH:mm:ss", "dd.MM.yyyy HH:mm", "dd.MM.yyyy HH:mm:ss",
    ];

    public static bool TryParse(ReadOnlySpan<char> field, out DateTime date)
    {
        date = default;
        return field.Length is >= 10 and <= 30
            && DateTime.TryParseExact(field, Forms, CultureInfo.InvariantCulture,
            DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out date);
    }

    /// <summary>Whether it is a date whose day and month may be either, such as 11/25/2026 or 3-4-26.</summary>
    public static bool IsAmbiguous(ReadOnlySpan<char> field)
    {
        char mark = field.Contains('/') ? '/' : '-';
        Span<Range> parts = stackalloc Range[4];
        if (field.Split(parts, mark) != 3) return false;
        (int first, int second) = (
            parts[0].End.Value - parts[0].Start.Value, parts[1].End.Value - parts[1].Start.Value);
        ReadOnlySpan<char> year = field[parts[2]];
        int blank = year.IndexOf(' ');
        if (blank >= 0) year = year[..blank];
        return first is 1 or 2 && second is 1 or 2 && year.Length is 2 or 4
            && !field[parts[0]].ContainsAnyExceptInRange('0', '9')
            && !field[parts[1]].ContainsAnyExceptInRange('0', '9')
            && !year.ContainsAnyExceptInRange('0', '9');
    }

    public static float Part(DateTime date, int part) => part switch
    {
        0 => date.Year,
        1 => date.Month,
        2 => date.Day,
        3 => date.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)date.DayOfWeek,
        _ => (float)date.TimeOfDay.TotalHours,
    };

    /// <summary>The raw column and part that a model's column is made of, or null.</summary>
    public static (string Column, int Part)? Split(string name)
    {
        int point = name.LastIndexOf('.');
        int part = point <= 0 ? -1 : Array.IndexOf(Names, name[(point + 1)..]);
        return part < 0 ? null : (name[..point], part);
    }
}
