using System.Globalization;
using Downhill;
using Downhill.Literature;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
List<string> wanted = [];
int? runs = null;
string only = "";
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--runs" && i + 1 < args.Length && int.TryParse(args[++i], out int n) && n > 0) runs = n;
    else if (args[i] == "--only" && i + 1 < args.Length) only = args[++i];
    else wanted.Add(args[i]);
}
(string Name, string What, Action<int?> Run)[] sections =
[
    ("mnist", "LeCun's networks of squared error, Nielsen's two, Simard's 800 without distortion",
        runs => Digits.Plain(runs ?? 1, only)),
    ("simard", "800 hidden units with affine and elastic distortions; about half an hour each",
        runs => Digits.Distorted(runs ?? 1, only)),
    ("fashion", "Xiao's eight networks on Fashion-MNIST", runs => Digits.Fashion(runs ?? 1, only)),
    ("proben1", "Prechelt's 18 problems with his stopping rule", runs => Proben1.Run(runs ?? 60)),
    ("uci", "five regression sets, 20 given splits", _ => Regression.Run()),
    ("sonar", "Gorman and Sejnowski's mines and rocks", runs => Classics.Sonar(runs ?? 10)),
    ("ionosphere", "Sigillito's radar returns", runs => Classics.Ionosphere(runs ?? 10)),
    ("spirals", "Lang and Witbrock's two spirals", runs => Classics.Spirals(runs ?? 20)),
];
if (wanted.Count == 0 || wanted.Exists(w => Array.TrueForAll(sections, s => s.Name != w)))
{
    Console.Error.WriteLine("Usage: eng/literature SECTION ... [--runs N] [--only TEXT], a section being one of");
    foreach ((string name, string what, _) in sections) Console.Error.WriteLine($"  {name,-12} {what}");
    Console.Error.WriteLine("--only: of the networks of mnist, simard and fashion those whose name contains the text.");
    return 2;
}
try
{
    foreach (string name in wanted) Array.Find(sections, s => s.Name == name).Run(runs);
    return 0;
}
catch (DownhillException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
