// Checks Verify.cs with a file of vectors: put it beside Verify.cs, then
//
//   dotnet run -- vectors.json
#nullable enable
using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;

public static class RunVectors
{
    public static int Main(string[] args)
    {
        JsonNode[] cases = JsonNode.Parse(File.ReadAllBytes(args[0]))!["cases"]!.AsArray().Select(test => test!).ToArray();
        int wrong = 0;
        foreach (JsonNode test in cases)
        {
            string found = Outcome(test);
            bool isValid = (bool)test["valid"]!, isAccepted = found == "accepted";
            // What is off in its form alone may be accepted or refused.
            if (isAccepted == isValid || (bool)test["form_only"]!) continue;
            wrong++;
            Console.WriteLine($"{test["kind"]}, {test["name"]}: should be {(isValid ? "accepted" : "refused")}, is {found}");
        }
        Console.WriteLine($"{cases.Length} cases, {wrong} wrong");
        return wrong > 0 || cases.Length == 0 ? 1 : 0;
    }

    private static string Outcome(JsonNode test)
    {
        string? Text(string name) => (string?)test[name];
        string[] keys = test["public_keys"]!.AsArray().Select(key => (string)key!).ToArray();
        try
        {
            Verifier.Verify(Text("kind")!, Text("text")!, keys, Text("license_key"), Text("fingerprint"),
                Text("product")!, Verifier.Instant(test["now"]!));
        }
        catch (Exception error) // Whatever it is, it means "no".
        {
            return "refused: " + error.Message;
        }
        return "accepted";
    }
}
