using Downhill.Bench;
using Downhill.Cli.Bench;

return Server.Run(args, "downhill-native", BenchRun.Of);
