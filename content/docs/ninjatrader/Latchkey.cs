// License checks for NinjaTrader 8 add-ons and for other programs on .NET Framework 4.8 or later, in one file:
// activation, offline verification, a grace period, and signed responses of the license server.
//
// C# 7.3, without packages. References: System, System.Core and System.Numerics. NinjaTrader's editor references the
// first two by default.
//
// If you ship source code, rename the namespace: NinjaTrader compiles the source code of all vendors into one assembly.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;

namespace Latchkey
{
    /// <summary>What a vendor builds into an add-on.</summary>
    public sealed class LicenseSettings
    {
        /// <summary>The base URL of the activation API, without /v1.</summary>
        public string ApiUrl { get; set; }

        /// <summary>The product's id, from `latchkey catalog show`.</summary>
        public string Product { get; set; }

        /// <summary>64 hex digits each, from `latchkey keys public`: the current key and, before a rotation, the next.</summary>
        public IReadOnlyList<string> PublicKeys { get; set; }

        /// <summary>The full path of the file that keeps the license between runs. One for each product.</summary>
        public string StateFile { get; set; }

        /// <summary>How long the add-on may run after its file has expired.</summary>
        public TimeSpan GracePeriod { get; set; } = TimeSpan.FromDays(14);

        /// <summary>How long after its issue a file is accepted, even if it claims to last longer.</summary>
        public TimeSpan MaxFileAge { get; set; } = LicenseVerifier.DefaultMaxFileAge;

        /// <summary>Whether license files are accepted. They are not tied to a computer.</summary>
        public bool AcceptLicenseFiles { get; set; }

        /// <summary>The time to live to request for files. Null uses the policy's default.</summary>
        public TimeSpan? FileTtl { get; set; }

        /// <summary>How long a request may take.</summary>
        public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

        /// <summary>How often a running client contacts the server.</summary>
        public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromHours(6);

        /// <summary>The source of the current time. Tests set it.</summary>
        public Func<DateTimeOffset> Clock { get; set; } = () => DateTimeOffset.UtcNow;
    }

    /// <summary>What the portal shows about a computer. All optional.</summary>
    public sealed class MachineFacts
    {
        public string Name { get; set; }
        public string Hostname { get; set; }
        public string Platform { get; set; }
        public int? Cores { get; set; }
        public string AppVersion { get; set; }

        /// <summary>The computer's name, system and cores, so that its owner recognizes it in the portal.</summary>
        public static MachineFacts OfThisComputer(string appVersion)
        {
            return new MachineFacts
            {
                Name = Environment.MachineName,
                Platform = Environment.OSVersion.VersionString,
                Cores = Environment.ProcessorCount,
                AppVersion = appVersion,
            };
        }
    }

    public enum LicenseState
    {
        /// <summary>The stored license has not been read yet. This lasts for a fraction of a second after the start.</summary>
        Unknown,

        /// <summary>No license key has been entered, or this computer is not activated.</summary>
        NotActivated,

        /// <summary>The add-on may run.</summary>
        Licensed,

        /// <summary>The file has expired, but the add-on may run until the grace period ends.</summary>
        Grace,

        /// <summary>The file and the grace period have expired, or the license has.</summary>
        Expired,

        /// <summary>The server refused the license, in a signed response.</summary>
        Locked,

        /// <summary>The stored file is not valid here.</summary>
        Rejected,
    }

    /// <summary>Whether the add-on may run, and why.</summary>
    public sealed class LicenseAccess
    {
        private static readonly IReadOnlyCollection<string> None = new string[0];

        internal LicenseAccess(LicenseState state, string message)
        {
            State = state;
            Message = message;
            Entitlements = None;
        }

        public LicenseState State { get; }

        /// <summary>The state in words, to show to the user.</summary>
        public string Message { get; }

        /// <summary>How long the add-on may run without contacting the server. Null if it may not run.</summary>
        public DateTimeOffset? Until { get; internal set; }

        /// <summary>The codes of the license's entitlements. Empty if the add-on may not run.</summary>
        public IReadOnlyCollection<string> Entitlements { get; internal set; }

        /// <summary>Whether this computer's clock is more than five minutes behind the latest signed time.</summary>
        public bool ClockIsBehind { get; internal set; }

        /// <summary>The server's code, such as SUSPENDED, if the state is Locked.</summary>
        public string Code { get; internal set; }

        public bool IsAllowed
        {
            get { return State == LicenseState.Licensed || State == LicenseState.Grace; }
        }

        public bool Has(string entitlement)
        {
            return Entitlements.Contains(entitlement);
        }

        internal bool IsLike(LicenseAccess other)
        {
            return other != null && State == other.State && Message == other.Message && Until == other.Until
                && ClockIsBehind == other.ClockIsBehind && Entitlements.SequenceEqual(other.Entitlements);
        }
    }

    public enum LicenseProblem
    {
        None,

        /// <summary>The text is not a license key or was mistyped.</summary>
        InvalidKey,

        /// <summary>No license key has been entered.</summary>
        NoKey,

        /// <summary>The license is active on as many computers, or cores, as it allows.</summary>
        LimitReached,

        /// <summary>The server refused, in a signed response.</summary>
        Refused,

        /// <summary>A rate limit was exceeded.</summary>
        TooManyRequests,

        /// <summary>No trustworthy response was received, and nothing changed.</summary>
        NoResponse,

        /// <summary>The license is not active on this computer.</summary>
        NotActivated,

        /// <summary>A file or key is not valid for this add-on and this computer.</summary>
        InvalidFile,

        /// <summary>The state file could not be read or written.</summary>
        Storage,
    }

    /// <summary>A computer on which the license is active.</summary>
    public sealed class ActiveMachine
    {
        public string Name { get; internal set; }
        public DateTimeOffset? LastSeen { get; internal set; }
    }

    /// <summary>The result of a call. Calls report problems here and throw only if they are canceled.</summary>
    public sealed class LicenseResult
    {
        private static readonly IReadOnlyList<ActiveMachine> None = new ActiveMachine[0];

        internal LicenseResult(LicenseProblem problem, string message)
        {
            Problem = problem;
            Message = message;
            Machines = None;
        }

        public LicenseProblem Problem { get; }

        /// <summary>The problem in words, to show to the user. Empty if there is none.</summary>
        public string Message { get; }

        /// <summary>Whether the add-on may run after the call.</summary>
        public LicenseAccess Access { get; internal set; }

        /// <summary>The server's error code, if it refused.</summary>
        public string Code { get; internal set; }

        /// <summary>If the limit is reached: the computers on which the license is active.</summary>
        public IReadOnlyList<ActiveMachine> Machines { get; internal set; }

        /// <summary>If the limit is reached: the portal page on which the customer can free a computer.</summary>
        public string PortalPage { get; internal set; }

        /// <summary>If a rate limit was exceeded: how long to wait.</summary>
        public TimeSpan? RetryAfter { get; internal set; }

        public bool HasSucceeded
        {
            get { return Problem == LicenseProblem.None; }
        }
    }

    /// <summary>The license of an add-on on this computer. All members can be used from any thread, and none blocks.
    /// Only a signed refusal locks the add-on: without a trustworthy response nothing changes.</summary>
    public sealed class LicenseClient
    {
        private const string MediaType = "application/vnd.api+json";
        private const int MaxEntitlements = 100;

        private static readonly string[] NotActivatedCodes =
            { "NO_MACHINE", "NO_MACHINES", "FINGERPRINT_SCOPE_MISMATCH", "MACHINE_SCOPE_MISMATCH" };

        private static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(15);
        private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(30);

        private readonly LicenseSettings settings;
        private readonly string apiUrl;
        private readonly string fingerprint;
        private readonly string product;
        private readonly PublicKeys keys;

        /// One call at a time.
        private readonly SemaphoreSlim gate = new SemaphoreSlim(1, 1);
        private readonly object leases = new object();
        private int leaseCount;
        private CancellationTokenSource running;

        /// Replaced as a whole, so that readers need no lock. Null until the state file has been read.
        private volatile Snapshot current;
        private volatile string loadFailure;

        private readonly object announcing = new object();
        private LicenseAccess announced;
        private Task announcements = Task.FromResult(0);

        /// The license's id from the last validation.
        private string licenseId;

        public LicenseClient(LicenseSettings settings, string fingerprint)
        {
            if (settings == null) throw new ArgumentNullException(nameof(settings));
            this.settings = settings;
            if (string.IsNullOrEmpty(fingerprint) || Encoding.UTF8.GetByteCount(fingerprint) > 4096
                || fingerprint.Any(char.IsControl))
                throw new ArgumentException("the fingerprint must be 1 to 4096 bytes without control characters",
                    nameof(fingerprint));
            this.fingerprint = fingerprint;
            product = LicenseVerifier.Id(settings.Product)
                ?? throw new ArgumentException("Product must be a UUID, from `latchkey catalog show`", nameof(settings));
            keys = new PublicKeys(settings.PublicKeys ?? new string[0]);
            if (keys.Count == 0)
                throw new ArgumentException("PublicKeys is empty: add the key from `latchkey keys public`", nameof(settings));
            if (!Uri.TryCreate(settings.ApiUrl, UriKind.Absolute, out Uri url)
                || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
                throw new ArgumentException("ApiUrl must start with https://", nameof(settings));
            apiUrl = settings.ApiUrl.TrimEnd('/');
            if (string.IsNullOrEmpty(settings.StateFile))
                throw new ArgumentException("StateFile is missing", nameof(settings));
        }

        /// <summary>Raised on a thread of the pool when access changes, in order.</summary>
        public event Action<LicenseAccess> AccessChanged;

        /// <summary>Whether the add-on may run. Decides from memory, so it can be called for every bar.</summary>
        public LicenseAccess Access
        {
            get { return Decide(current); }
        }

        /// <summary>The entered license key in masked form. Null if there is none.</summary>
        public string MaskedKey
        {
            get
            {
                Snapshot snapshot = current;
                return snapshot == null || snapshot.Record.Key == null ? null : LicenseKeys.Masked(snapshot.Record.Key);
            }
        }

        /// <summary>Keeps the license current in the background until the result is disposed of: reads the state file,
        /// contacts the server, and does so again every few hours. Several leases share the work.</summary>
        public IDisposable Run()
        {
            lock (leases)
            {
                leaseCount++;
                if (leaseCount == 1)
                {
                    var stop = new CancellationTokenSource();
                    running = stop;
                    Task.Run(() => RunUntilStopped(stop.Token));
                }
            }
            return new Lease(this);
        }

        private void EndLease()
        {
            lock (leases)
            {
                leaseCount--;
                if (leaseCount > 0) return;
                running.Cancel();
                running.Dispose();
                running = null;
            }
        }

        private sealed class Lease : IDisposable
        {
            private LicenseClient client;

            internal Lease(LicenseClient client)
            {
                this.client = client;
            }

            public void Dispose()
            {
                LicenseClient ended = Interlocked.Exchange(ref client, null);
                if (ended != null) ended.EndLease();
            }
        }

        private async Task RunUntilStopped(CancellationToken stop)
        {
            try
            {
                await LoadAsync(stop).ConfigureAwait(false);
                while (true)
                {
                    LicenseResult result = await RefreshAsync(stop).ConfigureAwait(false);
                    TimeSpan wait = settings.RefreshInterval;
                    bool isFinal = result.HasSucceeded || result.Problem == LicenseProblem.NoKey;
                    if (!isFinal && wait > RetryInterval) wait = RetryInterval;
                    // In short steps, to announce what changes with time. The computer's clock may be set meanwhile.
                    var waited = Stopwatch.StartNew();
                    while (waited.Elapsed < wait)
                    {
                        await Task.Delay(wait < TickInterval ? wait : TickInterval, stop).ConfigureAwait(false);
                        Announce();
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The last lease ended.
            }
        }

        /// <summary>Reads the state file, once. All other calls do this first.</summary>
        public Task<LicenseResult> LoadAsync(CancellationToken cancel = default(CancellationToken))
        {
            return Call(() => Task.FromResult(Success()), cancel);
        }

        /// <summary>Activates this computer and stores a machine file for offline use. On a computer that is already
        /// active it only fetches a new file. Call this when the user enters a key, not at every start.</summary>
        public Task<LicenseResult> ActivateAsync(string key, MachineFacts facts,
            CancellationToken cancel = default(CancellationToken))
        {
            return Call(() => Activate(key, facts ?? new MachineFacts(), cancel), cancel);
        }

        /// <summary>Validates the license with the server. Without a trustworthy response nothing changes.</summary>
        public Task<LicenseResult> RefreshAsync(CancellationToken cancel = default(CancellationToken))
        {
            return Call(() => Refresh(cancel), cancel);
        }

        /// <summary>Deactivates this computer, so that the license can be activated on another. The key is kept.</summary>
        public Task<LicenseResult> DeactivateAsync(CancellationToken cancel = default(CancellationToken))
        {
            return Call(() => Deactivate(cancel), cancel);
        }

        /// <summary>Imports a file from the portal. The key must have been entered before or be given.</summary>
        public Task<LicenseResult> ImportFileAsync(string key, string file,
            CancellationToken cancel = default(CancellationToken))
        {
            return Call(() => Task.FromResult(ImportFile(key, file)), cancel);
        }

        /// <summary>Deletes the key and the file. The latest signed time is kept.</summary>
        public Task<LicenseResult> ForgetAsync(CancellationToken cancel = default(CancellationToken))
        {
            return Call(() =>
            {
                licenseId = null;
                Save(current.Record.Cleared());
                return Task.FromResult(Success());
            }, cancel);
        }

        // On the pool, because on .NET Framework a request resolves the host's name on the calling thread.
        private Task<LicenseResult> Call(Func<Task<LicenseResult>> work, CancellationToken cancel)
        {
            return Task.Run(async () =>
            {
                await gate.WaitAsync(cancel).ConfigureAwait(false);
                LicenseResult result;
                try
                {
                    if (current == null) Load();
                    result = await work().ConfigureAwait(false);
                }
                catch (LicenseFailure failure)
                {
                    result = failure.Result;
                }
                catch (InvalidLicenseException error)
                {
                    result = new LicenseResult(LicenseProblem.InvalidFile, error.Message);
                }
                catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
                {
                    result = new LicenseResult(LicenseProblem.Storage, "the license cannot be stored: " + error.Message);
                }
                finally
                {
                    gate.Release();
                }
                result.Access = Access;
                Announce();
                return result;
            }, cancel);
        }

        private static LicenseResult Success()
        {
            return new LicenseResult(LicenseProblem.None, "");
        }

        private void Announce()
        {
            lock (announcing)
            {
                LicenseAccess access = Access;
                if (access.IsLike(announced)) return;
                announced = access;
                Action<LicenseAccess> handlers = AccessChanged;
                // One after the other, and without the lock, so that a handler may call the client.
                if (handlers != null)
                    announcements = announcements.ContinueWith(before => handlers(access), CancellationToken.None,
                        TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }

        private async Task<LicenseResult> Activate(string text, MachineFacts facts, CancellationToken cancel)
        {
            string key = EnterKey(text);
            // First check that the key is for this product, so as not to use up an activation of another one.
            Validation validation = await Validate(key, cancel).ConfigureAwait(false);
            if (validation.Code == "PRODUCT_SCOPE_MISMATCH" || (validation.Product != null && validation.Product != product))
                throw new InvalidLicenseException("this is a license for another product");
            SignedResponse response =
                await Send("POST", "/machines", ActivationBody(facts), key, cancel).ConfigureAwait(false);
            if (!response.IsSuccess && response.ErrorCode != "FINGERPRINT_TAKEN") throw Refusal(response);
            await CheckOut(key, cancel).ConfigureAwait(false);
            return Success();
        }

        /// Stores a key as the user typed it. A different key replaces the previous one and its license.
        private string EnterKey(string text)
        {
            if (string.IsNullOrWhiteSpace(text)) return Key();
            string key = LicenseKeys.Parse(text, out string problem);
            if (key == null) throw new LicenseFailure(LicenseProblem.InvalidKey, problem);
            if (current.Record.Key != key)
            {
                licenseId = null;
                Record record = current.Record.Cleared();
                record.Key = key;
                Save(record);
            }
            return key;
        }

        private async Task<LicenseResult> Refresh(CancellationToken cancel)
        {
            string key = Key();
            Validation validation = await Validate(key, cancel).ConfigureAwait(false);
            // A missing heartbeat or check-in is not a refusal: it is sent, and the license validated again. The second
            // try is for a license that needs both.
            for (int tries = 0; tries < 2; tries++)
            {
                string path;
                if (validation.Code == "HEARTBEAT_NOT_STARTED" || validation.Code == "HEARTBEAT_DEAD")
                    path = MachinePath + "/actions/ping";
                else if (validation.Code == "OVERDUE" && LicenseIdFor(key) != null)
                    path = "/licenses/" + LicenseIdFor(key) + "/actions/check-in";
                else break;
                SignedResponse sent = await Send("POST", path, null, key, cancel).ConfigureAwait(false);
                if (!sent.IsSuccess)
                {
                    LicenseFailure failure = Refusal(sent);
                    if (failure.Result.Problem == LicenseProblem.NoResponse
                        || failure.Result.Problem == LicenseProblem.TooManyRequests) throw failure;
                    // The machine is dead and cannot be resurrected.
                    if (failure.Result.Problem == LicenseProblem.NotActivated) return Success();
                    // The license was refused in the meantime: keep that verdict.
                    break;
                }
                validation = await Validate(key, cancel).ConfigureAwait(false);
            }
            Record record = current.Record.Copy();
            // The nonce proves that the response is current, so a later signed time in the record was wrong.
            record.LatestSigned = validation.At;
            if (validation.IsValid)
            {
                record.Verdict = null;
                record.FilesAfter = null;
                Save(record);
                if (!Access.IsAllowed || await NeedsNewFile(validation, key, cancel).ConfigureAwait(false))
                {
                    try
                    {
                        await CheckOut(key, cancel).ConfigureAwait(false);
                    }
                    catch (LicenseFailure failure) when (failure.Result.Problem == LicenseProblem.NoResponse
                        || failure.Result.Problem == LicenseProblem.TooManyRequests)
                    {
                        // The license is valid, and the file can be fetched later.
                    }
                }
                return Success();
            }
            if (!NotActivatedCodes.Contains(validation.Code))
            {
                record.Verdict = new Verdict { Code = validation.Code, Detail = validation.Detail, At = validation.At };
                record.SupersedeFiles(validation.At);
            }
            else if (settings.AcceptLicenseFiles && LicenseVerifier.KindOf(record.File) == LicenseVerifier.LicenseFile)
            {
                // A license file does not need an active computer. The code also implies that the license is valid.
                if (record.Verdict != null) record.FilesAfter = null;
                record.Verdict = null;
            }
            else
            {
                record.Deactivate(validation.At);
            }
            Save(record);
            return Success();
        }

        private async Task<LicenseResult> Deactivate(CancellationToken cancel)
        {
            string key = Key();
            SignedResponse response = await Send("DELETE", MachinePath, null, key, cancel).ConfigureAwait(false);
            // A machine that the server does not know is already deactivated.
            if (!response.IsSuccess && response.ErrorCode != "NOT_FOUND") throw Refusal(response);
            Record record = current.Record.Copy();
            record.Deactivate(response.At);
            record.NoteSignedTime(response.At);
            Save(record);
            return Success();
        }

        private LicenseResult ImportFile(string text, string file)
        {
            string key = EnterKey(text);
            FileClaims claims = OpenStored(file, key);
            claims.CheckIssue(TrustedNow);
            FileClaims held = CurrentFile();
            bool isOlder = held != null && held.LicenseId == claims.LicenseId && held.IssuedAt > claims.IssuedAt;
            if (isOlder || current.Record.IsSuperseded(claims.IssuedAt))
                throw new InvalidLicenseException("this file is out of date: fetch a new one");
            Record record = current.Record.Copy();
            record.File = file;
            record.NoteSignedTime(claims.IssuedAt);
            if (record.Verdict != null && record.Verdict.At < claims.IssuedAt) record.Verdict = null;
            Save(record);
            return Success();
        }

        private sealed class Validation
        {
            internal string Code, Detail, Product, LicenseEnd, License;
            internal bool IsValid;
            internal DateTimeOffset At;
        }

        private async Task<Validation> Validate(string key, CancellationToken cancel)
        {
            long nonce = Nonce();
            string scope = Json.Object("product", product, "fingerprint", fingerprint);
            string body = "{\"meta\":{\"key\":" + Json.Quote(key) + ",\"scope\":" + scope + ",\"nonce\":" + nonce + "}}";
            // Without a credential, because with one the server would reject the key instead of saying what is wrong
            // with the license.
            SignedResponse response =
                await Send("POST", "/licenses/actions/validate-key", body, null, cancel).ConfigureAwait(false);
            if (response.ErrorCode == "TOO_MANY_REQUESTS") throw Refusal(response);
            // The request's body is not signed, so check that the response is current and about this license and
            // computer.
            var answered = Json.At(response.Body, "meta", "scope") as Dictionary<string, object>;
            bool isOurs = Json.At(response.Body, "meta", "nonce") is long echoed && echoed == nonce
                && answered != null && answered.Count == 2
                && Json.Text(answered, "product") == product && Json.Text(answered, "fingerprint") == fingerprint;
            string keyInResponse = Json.Text(response.Body, "data", "attributes", "key");
            if (!isOurs || (keyInResponse != null && keyInResponse != key))
                throw NoResponse("the server responded with " + response.Status + " but without a verdict");
            string license = LicenseVerifier.Id(Json.Text(response.Body, "data", "id"));
            licenseId = license ?? licenseId;
            return new Validation
            {
                License = license,
                Product = LicenseVerifier.Id(Json.Text(response.Body, "data", "relationships", "product", "data", "id")),
                Code = Json.Text(response.Body, "meta", "code") ?? "",
                Detail = Json.Text(response.Body, "meta", "detail") ?? "",
                IsValid = Json.At(response.Body, "meta", "valid") is bool valid && valid,
                LicenseEnd = Json.Text(response.Body, "data", "attributes", "expiry"),
                At = response.At,
            };
        }

        /// Fetches a machine file, verifies it and stores it.
        private async Task CheckOut(string key, CancellationToken cancel)
        {
            string ttl = settings.FileTtl == null ? ""
                : "&ttl=" + ((long)settings.FileTtl.Value.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            string path = MachinePath + "/actions/check-out?include=license.entitlements" + ttl;
            SignedResponse response = await Send("POST", path, null, key, cancel).ConfigureAwait(false);
            string file = Json.Text(response.Body, "data", "attributes", "certificate");
            if (!response.IsSuccess || file == null) throw Refusal(response);
            FileClaims claims =
                LicenseVerifier.Open(LicenseVerifier.MachineFile, file, keys, key, fingerprint, product);
            DateTimeOffset now = settings.Clock();
            claims.CheckIssue(now > response.At ? now : response.At);
            Record record = current.Record.Copy();
            record.NoteSignedTime(response.At);
            record.NoteSignedTime(claims.IssuedAt);
            record.File = file;
            record.Verdict = null;
            record.FilesAfter = null;
            Save(record);
        }

        /// Whether there is no valid machine file, or it is past half of its time to live, or its expiry or
        /// entitlements differ from the server's.
        private async Task<bool> NeedsNewFile(Validation validation, string key, CancellationToken cancel)
        {
            FileClaims claims = CurrentFile();
            if (claims == null || claims.Fingerprint == null) return true;
            var ttl = TimeSpan.FromTicks((claims.ExpiresAt - claims.IssuedAt).Ticks / 2);
            DateTimeOffset? end = validation.LicenseEnd == null
                ? (DateTimeOffset?)null : LicenseVerifier.Instant(validation.LicenseEnd);
            if (TrustedNow - claims.IssuedAt >= ttl || claims.LicenseExpiresAt != end) return true;
            if (validation.License == null) return false;
            string path = "/licenses/" + validation.License + "/entitlements?limit=" + MaxEntitlements;
            SignedResponse response;
            try
            {
                response = await Send("GET", path, null, key, cancel).ConfigureAwait(false);
            }
            catch (LicenseFailure)
            {
                return false;
            }
            // Not compared if the server does not list them or they do not fit on a page.
            var items = Json.At(response.Body, "data") as List<object>;
            if (!response.IsSuccess || items == null || items.Count >= MaxEntitlements) return false;
            var held = new SortedSet<string>(items.Select(item => Json.Text(item, "attributes", "code") ?? ""),
                StringComparer.Ordinal);
            return !held.SetEquals(claims.Entitlements);
        }

        /// Handles a signed refusal. If the license itself is refused, the add-on is locked.
        private LicenseFailure Refusal(SignedResponse response)
        {
            Record record = current.Record.Copy();
            record.NoteSignedTime(response.At);
            string code = response.ErrorCode, detail = response.ErrorDetail;
            LicenseFailure failure;
            switch (code)
            {
                case "TOO_MANY_REQUESTS":
                    TimeSpan wait = TimeSpan.FromSeconds(response.RetryAfter ?? 60);
                    failure = new LicenseFailure(LicenseProblem.TooManyRequests,
                        "too many requests: wait " + (long)wait.TotalSeconds + " s");
                    failure.Result.RetryAfter = wait;
                    break;
                case "MACHINE_LIMIT_EXCEEDED":
                case "MACHINE_CORE_LIMIT_EXCEEDED":
                    failure = LimitReached(response, code == "MACHINE_LIMIT_EXCEEDED" ? "computers" : "cores");
                    break;
                case "MACHINE_HEARTBEAT_DEAD":
                    // No heartbeat for too long, for example because the computer slept. The license is not refused.
                    record.Deactivate(response.At);
                    failure = new LicenseFailure(LicenseProblem.NotActivated, "activate this computer again");
                    break;
                case "LICENSE_SUSPENDED":
                case "LICENSE_BANNED":
                case "LICENSE_EXPIRED":
                case "LICENSE_INVALID":
                    record.Verdict = new Verdict { Code = code, Detail = detail.TrimEnd('.'), At = response.At };
                    record.SupersedeFiles(response.At);
                    failure = Refused(code, detail);
                    break;
                default:
                    failure = response.Status >= 500 ? NoResponse(detail) : Refused(code, detail);
                    break;
            }
            failure.Result.Code = code;
            Save(record);
            return failure;
        }

        private static LicenseFailure Refused(string code, string detail)
        {
            return new LicenseFailure(LicenseProblem.Refused,
                "the license server refused: " + detail + (code == "" ? "" : " (" + code + ")"));
        }

        private static LicenseFailure LimitReached(SignedResponse response, string what)
        {
            object error = Json.Item(Json.At(response.Body, "errors"), 0);
            var listed = Json.At(error, "meta", "machines") as List<object> ?? new List<object>();
            List<ActiveMachine> machines = listed.Select(machine => new ActiveMachine
            {
                Name = Json.Text(machine, "name") ?? "",
                LastSeen = LicenseVerifier.TryInstant(Json.Text(machine, "lastSeen")),
            }).ToList();
            string page = Json.Text(error, "links", "about");
            // Apps open it, so it must not be another kind of address.
            bool isPage = Uri.TryCreate(page, UriKind.Absolute, out Uri address)
                && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp);
            var message = new StringBuilder("this license is already active on as many " + what + " as it allows");
            if (machines.Count > 0)
                message.Append(": ").Append(string.Join(", ", machines.Select(machine => machine.LastSeen == null
                    ? machine.Name : machine.Name + " (last seen " + Day(machine.LastSeen.Value) + ")")));
            if (isPage) message.Append(". Free one at ").Append(page);
            var failure = new LicenseFailure(LicenseProblem.LimitReached, message.ToString());
            failure.Result.Machines = machines;
            failure.Result.PortalPage = isPage ? page : null;
            return failure;
        }

        private static LicenseFailure NoResponse(string reason)
        {
            return new LicenseFailure(LicenseProblem.NoResponse, reason);
        }

        private string Key()
        {
            if (current.Record.Key == null) throw new LicenseFailure(LicenseProblem.NoKey, "enter a license key first");
            return current.Record.Key;
        }

        private string MachinePath
        {
            get { return "/machines/" + Uri.EscapeDataString(fingerprint); }
        }

        private string LicenseIdFor(string key)
        {
            FileClaims claims = CurrentFile();
            if (claims != null) return claims.LicenseId;
            if (licenseId != null || !key.StartsWith(LicenseKeys.SignedPrefix, StringComparison.Ordinal)) return licenseId;
            return LicenseVerifier.OpenKey(key, keys, product).License;
        }

        private string ActivationBody(MachineFacts facts)
        {
            var attributes = new List<string> { "\"fingerprint\":" + Json.Quote(fingerprint) };
            if (facts.Name != null) attributes.Add("\"name\":" + Json.Quote(facts.Name));
            if (facts.Hostname != null) attributes.Add("\"hostname\":" + Json.Quote(facts.Hostname));
            if (facts.Platform != null) attributes.Add("\"platform\":" + Json.Quote(facts.Platform));
            if (facts.Cores != null) attributes.Add("\"cores\":" + facts.Cores.Value.ToString(CultureInfo.InvariantCulture));
            if (facts.AppVersion != null) attributes.Add("\"metadata\":" + Json.Object("appVersion", facts.AppVersion));
            return "{\"data\":{\"type\":\"machines\",\"attributes\":{" + string.Join(",", attributes) + "}}}";
        }

        private static long Nonce()
        {
            var bytes = new byte[4];
            using (var random = RandomNumberGenerator.Create()) random.GetBytes(bytes);
            // Servers and clients of this protocol use signed 32-bit numbers.
            return BitConverter.ToUInt32(bytes, 0) >> 1;
        }

        /// Sends a request and returns the signed response. The signature covers the request's target, which includes a
        /// random number, so that a response to an earlier or different request does not verify.
        private async Task<SignedResponse> Send(string method, string path, string body, string key, CancellationToken cancel)
        {
            string url = apiUrl + "/v1" + path + (path.Contains('?') ? "&" : "?") + "fresh=" + Nonce();
            var request = (HttpWebRequest)WebRequest.Create(url);
            request.Method = method;
            request.AllowAutoRedirect = false;
            request.Accept = MediaType;
            request.UserAgent = "latchkey-cs/1";
            request.ServicePoint.Expect100Continue = false;
            // Hours pass between requests, and a kept connection may be closed by then.
            request.KeepAlive = false;
            if (key != null) request.Headers[HttpRequestHeader.Authorization] = "License " + key;
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel))
            {
                limit.CancelAfter(settings.Timeout);
                using (limit.Token.Register(request.Abort))
                {
                    try
                    {
                        if (body != null) await WriteBody(request, body).ConfigureAwait(false);
                        else if (method == "POST") request.ContentLength = 0;
                        using (HttpWebResponse response = await ResponseTo(request).ConfigureAwait(false))
                            return await SignedResponse.Read(request, response, keys, limit.Token).ConfigureAwait(false);
                    }
                    catch (Exception error) when (error is WebException || error is IOException
                        || error is ObjectDisposedException || error is OperationCanceledException)
                    {
                        cancel.ThrowIfCancellationRequested();
                        string reason = limit.IsCancellationRequested ? "it did not respond in time" : error.Message;
                        throw NoResponse("the license server cannot be reached: " + reason);
                    }
                }
            }
        }

        private static async Task WriteBody(HttpWebRequest request, string body)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            request.ContentType = MediaType;
            request.ContentLength = bytes.Length;
            using (Stream stream = await request.GetRequestStreamAsync().ConfigureAwait(false))
                await stream.WriteAsync(bytes, 0, bytes.Length).ConfigureAwait(false);
        }

        private static async Task<HttpWebResponse> ResponseTo(HttpWebRequest request)
        {
            try
            {
                return (HttpWebResponse)await request.GetResponseAsync().ConfigureAwait(false);
            }
            catch (WebException error) when (error.Response is HttpWebResponse)
            {
                return (HttpWebResponse)error.Response;
            }
        }

        /// The record and what its file says, verified once.
        private sealed class Snapshot
        {
            internal Record Record;
            internal FileClaims Claims;
            internal string Rejection;
        }

        private void Load()
        {
            Record record;
            try
            {
                string text = File.Exists(settings.StateFile) ? File.ReadAllText(settings.StateFile) : null;
                record = text == null ? new Record() : Record.Read(text, product);
            }
            catch (InvalidLicenseException)
            {
                // A damaged record is discarded, and the user enters the key again.
                record = new Record();
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                // The next call tries again.
                loadFailure = "the stored license cannot be read: " + error.Message;
                throw new LicenseFailure(LicenseProblem.Storage, loadFailure);
            }
            current = Take(record);
        }

        private void Save(Record record)
        {
            Snapshot taken = Take(record);
            AtomicFile.Write(settings.StateFile, record.ToText(product));
            current = taken;
        }

        private Snapshot Take(Record record)
        {
            Snapshot before = current;
            if (before != null && before.Record.File == record.File && before.Record.Key == record.Key)
                return new Snapshot { Record = record, Claims = before.Claims, Rejection = before.Rejection };
            var taken = new Snapshot { Record = record };
            if (record.Key == null || record.File == null) return taken;
            try
            {
                taken.Claims = OpenStored(record.File, record.Key);
            }
            catch (InvalidLicenseException error)
            {
                taken.Rejection = error.Message;
            }
            return taken;
        }

        private FileClaims OpenStored(string file, string key)
        {
            // Text that is not a file of either kind fails as a machine file.
            string kind = LicenseVerifier.KindOf(file) ?? LicenseVerifier.MachineFile;
            if (kind == LicenseVerifier.LicenseFile && !settings.AcceptLicenseFiles)
                throw new InvalidLicenseException("this file is not tied to a computer: get the file for this computer");
            FileClaims claims = LicenseVerifier.Open(kind, file, keys, key, fingerprint, product);
            return claims.WithMaxAge(settings.MaxFileAge);
        }

        private FileClaims CurrentFile()
        {
            FileClaims claims = current.Claims;
            return claims == null || claims.IssuedAt > TrustedNow + LicenseVerifier.ClockTolerance ? null : claims;
        }

        /// The current time, but not earlier than the latest time signed by the server.
        private DateTimeOffset TrustedNow
        {
            get
            {
                DateTimeOffset now = settings.Clock();
                DateTimeOffset? latest = current.Record.LatestSigned;
                return latest > now ? latest.Value : now;
            }
        }

        private LicenseAccess Decide(Snapshot snapshot)
        {
            if (snapshot == null)
                return loadFailure == null ? new LicenseAccess(LicenseState.Unknown, "checking the license")
                    : new LicenseAccess(LicenseState.Rejected, loadFailure);
            Record record = snapshot.Record;
            if (record.Key == null || record.File == null)
                return record.Verdict == null ? NotActivated() : Locked(record.Verdict);
            if (snapshot.Claims == null) return new LicenseAccess(LicenseState.Rejected, snapshot.Rejection);
            FileClaims claims = snapshot.Claims;
            DateTimeOffset clock = settings.Clock(), latest = record.LatestSigned ?? clock;
            DateTimeOffset now = clock > latest ? clock : latest;
            if (claims.IssuedAt > now + LicenseVerifier.ClockTolerance)
                return new LicenseAccess(LicenseState.Rejected, FileClaims.IssuedInFuture);
            if (record.Verdict != null && record.Verdict.At >= claims.IssuedAt) return Locked(record.Verdict);
            if (record.IsSuperseded(claims.IssuedAt)) return NotActivated();
            // The file's time of issue is also a time signed by the server.
            if (claims.IssuedAt > latest) latest = claims.IssuedAt;
            if (latest > now) now = latest;
            return DecideForFile(claims, now, latest > clock + LicenseVerifier.ClockTolerance);
        }

        private LicenseAccess DecideForFile(FileClaims claims, DateTimeOffset now, bool clockIsBehind)
        {
            if (claims.IsSuspended)
                return Locked(new Verdict { Code = "SUSPENDED", Detail = "is suspended", At = claims.IssuedAt });
            // The license's own expiry is signed, and the grace period does not extend it.
            DateTimeOffset? licenseEnd = claims.StopsAtExpiry ? claims.LicenseExpiresAt : null;
            if (licenseEnd <= now) return Expired(licenseEnd.Value);
            DateTimeOffset graceEnd = FileClaims.Plus(claims.ExpiresAt, settings.GracePeriod);
            if (now >= graceEnd) return Expired(graceEnd);
            bool isGrace = claims.ExpiresAt <= now;
            DateTimeOffset end = isGrace ? graceEnd : claims.ExpiresAt;
            if (licenseEnd < end) end = licenseEnd.Value;
            string message = isGrace ? "licensed, but not confirmed recently: connect before " + Day(end)
                : "licensed; works offline until " + Day(end);
            return new LicenseAccess(isGrace ? LicenseState.Grace : LicenseState.Licensed, message)
            {
                Until = end,
                Entitlements = claims.Entitlements,
                ClockIsBehind = clockIsBehind,
            };
        }

        private static LicenseAccess NotActivated()
        {
            return new LicenseAccess(LicenseState.NotActivated, "not activated on this computer");
        }

        private static LicenseAccess Expired(DateTimeOffset since)
        {
            return new LicenseAccess(LicenseState.Expired, "expired on " + Day(since) + ": connect to confirm the license");
        }

        private static LicenseAccess Locked(Verdict verdict)
        {
            return new LicenseAccess(LicenseState.Locked,
                "not licensed: the license " + verdict.Detail + " (" + verdict.Code + ")") { Code = verdict.Code };
        }

        private static string Day(DateTimeOffset time)
        {
            return time.UtcDateTime.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Why a file or key is not valid, in words.</summary>
    public sealed class InvalidLicenseException : Exception
    {
        public InvalidLicenseException(string message) : base(message)
        {
        }
    }

    internal sealed class LicenseFailure : Exception
    {
        internal LicenseFailure(LicenseProblem problem, string message) : base(message)
        {
            Result = new LicenseResult(problem, message);
        }

        internal LicenseResult Result { get; }
    }

    /// <summary>A signed refusal of the license.</summary>
    internal sealed class Verdict
    {
        internal string Code;
        internal string Detail;
        internal DateTimeOffset At;
    }

    /// What is stored between runs. Users can change it. Only the signed file in it grants access, and that is verified
    /// whenever it is read. Entries that restrict access can be removed, but the file's own expiry remains.
    internal sealed class Record
    {
        private const long Version = 1;

        /// A bearer credential, so the file must be private.
        internal string Key;
        internal string File;

        /// The current time is never taken to be earlier.
        internal DateTimeOffset? LatestSigned;

        /// The server's refusal, if it is in force.
        internal Verdict Verdict;

        /// Files issued at or before this time are superseded.
        internal DateTimeOffset? FilesAfter;

        /// Throws an IOException, which leaves the stored text untouched, if it was written for another product or by a
        /// later version.
        internal static Record Read(string text, string product)
        {
            object stored = Json.Parse(text);
            if (Json.At(stored, "version") is long version && version > Version)
                throw new IOException("it was written by a later version of this add-on: use that version");
            string owner = Json.Text(stored, "product");
            if (owner != null && owner != product) throw new IOException("it belongs to another product");
            var record = new Record
            {
                Key = LicenseKeys.Parse(Json.Text(stored, "key"), out string _),
                File = Json.Text(stored, "file"),
                LatestSigned = LicenseVerifier.TryInstant(Json.Text(stored, "latest_signed")),
                FilesAfter = LicenseVerifier.TryInstant(Json.Text(stored, "files_after")),
            };
            DateTimeOffset? at = LicenseVerifier.TryInstant(Json.Text(stored, "verdict", "at"));
            if (at != null)
                record.Verdict = new Verdict
                {
                    Code = Json.Text(stored, "verdict", "code") ?? "",
                    Detail = Json.Text(stored, "verdict", "detail") ?? "",
                    At = at.Value,
                };
            return record;
        }

        internal string ToText(string product)
        {
            string verdict = Verdict == null ? "null"
                : Json.Object("code", Verdict.Code, "detail", Verdict.Detail, "at", Time(Verdict.At));
            return "{\"version\":" + Version + ",\"product\":" + Json.Quote(product) + ",\"key\":" + Json.Quote(Key)
                + ",\"file\":" + Json.Quote(File) + ",\"latest_signed\":" + Json.Quote(Time(LatestSigned))
                + ",\"verdict\":" + verdict + ",\"files_after\":" + Json.Quote(Time(FilesAfter)) + "}";
        }

        private static string Time(DateTimeOffset? time)
        {
            return time == null ? null
                : time.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        }

        internal Record Copy()
        {
            return (Record)MemberwiseClone();
        }

        /// Without key, file and refusal. The latest signed time and which files are superseded are kept.
        internal Record Cleared()
        {
            return new Record { LatestSigned = LatestSigned, FilesAfter = FilesAfter };
        }

        internal void Deactivate(DateTimeOffset at)
        {
            File = null;
            Verdict = null;
            SupersedeFiles(at);
        }

        internal void SupersedeFiles(DateTimeOffset at)
        {
            if (FilesAfter == null || FilesAfter < at) FilesAfter = at;
        }

        internal bool IsSuperseded(DateTimeOffset issuedAt)
        {
            return issuedAt <= FilesAfter;
        }

        internal void NoteSignedTime(DateTimeOffset at)
        {
            if (LatestSigned == null || LatestSigned < at) LatestSigned = at;
        }
    }

    internal static class AtomicFile
    {
        private static int writes;

        /// Writes under another name and renames, so that a power failure leaves the old text or the new one.
        internal static void Write(string path, string text)
        {
            string folder = Path.GetDirectoryName(path);
            if (!string.IsNullOrEmpty(folder)) Directory.CreateDirectory(folder);
            string beside = path + ".new-" + Guid.NewGuid().ToString("N") + "-" + Interlocked.Increment(ref writes);
            byte[] bytes = new UTF8Encoding(false).GetBytes(text);
            try
            {
                using (var file = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                {
                    file.Write(bytes, 0, bytes.Length);
                    file.Flush(true);
                }
                if (File.Exists(path)) File.Replace(beside, path, null);
                else File.Move(beside, path);
            }
            catch
            {
                File.Delete(beside);
                throw;
            }
        }
    }

    /// A response whose signature has been verified.
    internal sealed class SignedResponse
    {
        private const int MaxBytes = 8 * 1024 * 1024;

        internal int Status;
        internal object Body;
        internal DateTimeOffset At;
        internal int? RetryAfter;

        /// The status is not signed, so the signed body must not contain errors either.
        internal bool IsSuccess
        {
            get { return Status >= 200 && Status < 300 && Json.At(Body, "errors") == null; }
        }

        internal string ErrorCode
        {
            get { return Json.Text(Json.Item(Json.At(Body, "errors"), 0), "code") ?? ""; }
        }

        internal string ErrorDetail
        {
            get
            {
                return Json.Text(Json.Item(Json.At(Body, "errors"), 0), "detail") ?? "the server responded with " + Status;
            }
        }

        internal static async Task<SignedResponse> Read(HttpWebRequest request, HttpWebResponse response, PublicKeys keys,
            CancellationToken cancel)
        {
            byte[] body;
            using (Stream stream = response.GetResponseStream())
            using (var received = new MemoryStream())
            {
                var buffer = new byte[16 * 1024];
                int count;
                while (stream != null
                    && (count = await stream.ReadAsync(buffer, 0, buffer.Length, cancel).ConfigureAwait(false)) > 0)
                {
                    received.Write(buffer, 0, count);
                    if (received.Length > MaxBytes) throw new IOException("the response is too long");
                }
                body = received.ToArray();
            }
            WebHeaderCollection headers = response.Headers;
            // Proxies replace Date, so the server sends a copy under another name.
            string date = headers["Keygen-Date"] ?? headers["Date"];
            string digest = headers["Keygen-Digest"] ?? headers["Digest"];
            // What was sent, which can be spelled differently from the URL that was given.
            string text = SignedText(request.Method, request.RequestUri.PathAndQuery, request.Host, date, digest);
            if (!IsSigned(text, body, digest, headers["Keygen-Signature"], keys)
                || !DateTimeOffset.TryParseExact(date, "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'", CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
                throw Unsigned();
            object document = null;
            try
            {
                if (body.Length > 0) document = Json.Parse(body);
            }
            catch (InvalidLicenseException)
            {
                throw Unsigned();
            }
            return new SignedResponse
            {
                Status = (int)response.StatusCode,
                Body = document,
                // The date has whole seconds. The end of its second is not before anything that was signed earlier.
                At = at.AddMilliseconds(999),
                RetryAfter = int.TryParse(headers["Retry-After"], NumberStyles.None, CultureInfo.InvariantCulture,
                    out int seconds) ? seconds : (int?)null,
            };
        }

        /// A proxy's error page, another server's response or a modified body. It is treated as no response at all.
        private static LicenseFailure Unsigned()
        {
            return new LicenseFailure(LicenseProblem.NoResponse, "the response is not signed by the license server");
        }

        internal static string SignedText(string method, string target, string host, string date, string digest)
        {
            return "(request-target): " + method.ToLowerInvariant() + " " + target + "\nhost: " + host + "\ndate: " + date
                + "\ndigest: " + digest;
        }

        internal static bool IsSigned(string text, byte[] body, string digest, string header, PublicKeys keys)
        {
            using (var sha = SHA256.Create())
                if (digest != "sha-256=" + Convert.ToBase64String(sha.ComputeHash(body))) return false;
            const string Name = "signature=\"";
            string parameter = (header ?? "").Split(new[] { ", " }, StringSplitOptions.None)
                .FirstOrDefault(part => part.StartsWith(Name, StringComparison.Ordinal) && part.EndsWith("\"", StringComparison.Ordinal));
            if (parameter == null || parameter.Length <= Name.Length) return false;
            byte[] signature = Base64.TryDecode(parameter.Substring(Name.Length, parameter.Length - Name.Length - 1));
            return signature != null && keys.Verify(Encoding.UTF8.GetBytes(text), signature);
        }
    }

    /// <summary>What a license file or machine file says.</summary>
    public sealed class FileClaims
    {
        internal const string IssuedInFuture = "the file was issued in the future: check this computer's clock";

        public DateTimeOffset IssuedAt { get; internal set; }
        public DateTimeOffset ExpiresAt { get; internal set; }
        public string LicenseId { get; internal set; }

        /// <summary>The license key, if the file contains it.</summary>
        public string LicenseKey { get; internal set; }

        /// <summary>When the license itself expires. Null if it never does or its duration has not started.</summary>
        public DateTimeOffset? LicenseExpiresAt { get; internal set; }

        /// <summary>Whether the license stops being usable when it expires.</summary>
        public bool StopsAtExpiry { get; internal set; }

        public bool IsSuspended { get; internal set; }
        public IReadOnlyCollection<string> Entitlements { get; internal set; }

        /// <summary>The computer's fingerprint. Null in a license file.</summary>
        public string Fingerprint { get; internal set; }

        internal FileClaims WithMaxAge(TimeSpan age)
        {
            DateTimeOffset end = Plus(IssuedAt, age);
            if (end < ExpiresAt) ExpiresAt = end;
            return this;
        }

        internal void CheckIssue(DateTimeOffset now)
        {
            if (IssuedAt > Plus(now, LicenseVerifier.ClockTolerance)) throw new InvalidLicenseException(IssuedInFuture);
        }

        internal void CheckValidity(DateTimeOffset now)
        {
            CheckIssue(now);
            if (IsSuspended) throw new InvalidLicenseException("the license is suspended");
            if (StopsAtExpiry && LicenseExpiresAt <= now) throw new InvalidLicenseException("the license has expired");
            if (ExpiresAt <= now) throw new InvalidLicenseException("this file has expired");
        }

        /// Times at the end of the calendar stay there.
        internal static DateTimeOffset Plus(DateTimeOffset time, TimeSpan span)
        {
            return time > DateTimeOffset.MaxValue - span ? DateTimeOffset.MaxValue : time + span;
        }
    }

    /// <summary>What a signed license key says.</summary>
    public sealed class KeyClaims
    {
        public string License { get; internal set; }
        public string Product { get; internal set; }
        public string Policy { get; internal set; }
        public DateTimeOffset IssuedAt { get; internal set; }

        /// <summary>The license's expiry when the key was issued. A renewal does not change the key.</summary>
        public DateTimeOffset? ExpiresAt { get; internal set; }
    }

    /// <summary>Verifies license files, machine files and signed keys offline, by the rules of "Verify offline".</summary>
    public static class LicenseVerifier
    {
        public const string LicenseFile = "license-file";
        public const string MachineFile = "machine-file";
        public const string SignedKey = "signed-key";

        /// <summary>A key holder can request a file that lasts 68 years, which would outlast a refund.</summary>
        public static readonly TimeSpan DefaultMaxFileAge = TimeSpan.FromDays(366);

        internal static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

        private const int MaxFileBytes = 65536;

        private static readonly Regex IdForm =
            new Regex(@"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z", RegexOptions.CultureInvariant);

        private static readonly Regex TimeForm = new Regex(
            @"\A([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?(Z|([+-])([0-9]{2}):([0-9]{2}))\z",
            RegexOptions.CultureInvariant);

        /// <summary>Verifies a file that must be valid at `now`. The license key and, for license files, the fingerprint
        /// may be null. Throws InvalidLicenseException if the file is not valid.</summary>
        public static FileClaims VerifyFile(string kind, string text, IReadOnlyList<string> publicKeys, string licenseKey,
            string fingerprint, string product, DateTimeOffset now)
        {
            FileClaims claims = Open(kind, text, new PublicKeys(publicKeys), licenseKey, fingerprint, Required(product));
            claims.WithMaxAge(DefaultMaxFileAge).CheckValidity(now);
            return claims;
        }

        /// <summary>Verifies a signed license key. Throws InvalidLicenseException if it is not valid.</summary>
        public static KeyClaims VerifyKey(string text, IReadOnlyList<string> publicKeys, string product)
        {
            return OpenKey(text, new PublicKeys(publicKeys), Required(product));
        }

        private static string Required(string product)
        {
            return Id(product) ?? throw new ArgumentException("the product must be a UUID", nameof(product));
        }

        /// The kind that a file's first line says. Null for other text.
        internal static string KindOf(string text)
        {
            string first = (text ?? "").Split('\n')[0].TrimEnd('\r');
            return first == "-----BEGIN LICENSE FILE-----" ? LicenseFile
                : first == "-----BEGIN MACHINE FILE-----" ? MachineFile : null;
        }

        /// Opens a file whatever the time.
        internal static FileClaims Open(string kind, string text, PublicKeys keys, string licenseKey, string fingerprint,
            string product)
        {
            bool isMachine = kind == MachineFile;
            Need(isMachine || kind == LicenseFile, "the kind must be license-file or machine-file");
            byte[] content = Content(isMachine, text, keys, licenseKey, fingerprint);
            var dataset = Members(Json.Parse(content), "the file", "data", "meta", "included?");
            FileClaims claims = Claims(isMachine, dataset, product);
            if (isMachine)
                Need(!string.IsNullOrEmpty(fingerprint) && claims.Fingerprint == fingerprint, "this file is for another computer");
            // A plain file opens with any key, so the key in it must match.
            Need(claims.LicenseKey == null || licenseKey == null || claims.LicenseKey == licenseKey,
                "this file is for another license");
            // A signed key contains its license's id.
            if (licenseKey != null && licenseKey.StartsWith(LicenseKeys.SignedPrefix, StringComparison.Ordinal))
                Need(OpenKey(licenseKey, keys, product).License == claims.LicenseId, "this file is for another license");
            return claims;
        }

        /// The content of a file, whose signature is verified before anything is decoded or decrypted.
        private static byte[] Content(bool isMachine, string text, PublicKeys keys, string licenseKey, string fingerprint)
        {
            string word = isMachine ? "machine" : "license", name = word.ToUpperInvariant() + " FILE";
            Need(text != null && text.Length <= MaxFileBytes && Encoding.UTF8.GetByteCount(text) <= MaxFileBytes,
                "the file is missing or too long");
            Match frame = Regex.Match(text, @"\A-----BEGIN " + name + @"-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END " + name
                + @"-----(?:\r?\n)*\z", RegexOptions.CultureInvariant);
            Need(frame.Success, "this is not a " + word + " file, or it is incomplete");
            string encoded = frame.Groups[1].Value.Replace("\r", "").Replace("\n", "");
            var envelope = Members(Json.Parse(Base64.Decode(encoded)), "the envelope", "enc", "sig", "alg");
            string enc = TextOf(envelope["enc"], "enc"), algorithm = TextOf(envelope["alg"], "alg");
            bool isPlain = algorithm == "base64+ed25519";
            Need(isPlain || algorithm == "aes-256-gcm+ed25519", "the file's algorithm is unknown");
            // The kind is part of the signed text, so a license file relabeled as a machine file fails.
            byte[] signature = Base64.Decode(TextOf(envelope["sig"], "sig"));
            Need(keys.Verify(Encoding.UTF8.GetBytes(word + "/" + enc), signature), "the file is not signed by the vendor");
            if (isPlain) return Base64.Decode(enc);
            string[] parts = enc.Split('.');
            Need(parts.Length == 3, "the file's content is malformed");
            Need(licenseKey != null, "the license key is required to open the file");
            string secret = licenseKey + (isMachine ? fingerprint : "");
            byte[] key;
            using (var sha = SHA256.Create()) key = sha.ComputeHash(Encoding.UTF8.GetBytes(secret));
            byte[] opened = FileCipher.Decrypt(key, Base64.Decode(parts[1]), Base64.Decode(parts[0]), Base64.Decode(parts[2]));
            Need(opened != null, "this file is for another license or computer");
            return opened;
        }

        private static FileClaims Claims(bool isMachine, Dictionary<string, object> dataset, string product)
        {
            var meta = Members(dataset["meta"], "meta", "issued", "expiry", "ttl");
            var claims = new FileClaims
            {
                IssuedAt = Instant(TextOf(meta["issued"], "issued")),
                ExpiresAt = Instant(TextOf(meta["expiry"], "expiry")),
            };
            Need(claims.IssuedAt < claims.ExpiresAt, "the file's expiry is malformed");
            Need(meta["ttl"] is long ttl && ttl >= 1 && ttl <= int.MaxValue, "the file's ttl is malformed");
            object listed;
            var included = new List<object>();
            if (dataset.TryGetValue("included", out listed))
                included = listed as List<object> ?? throw Malformed("included");
            object data = dataset["data"], license = data;
            Need(IdOf(data) != null && Json.Text(data, "type") == (isMachine ? "machines" : "licenses"),
                "the file's content is malformed");
            foreach (object item in included)
                Need(Json.Text(item, "type") != null, "the file's content is malformed");
            if (isMachine)
            {
                List<object> licenses = included.Where(item => Json.Text(item, "type") == "licenses").ToList();
                Need(licenses.Count == 1, "the file does not contain exactly one license");
                license = licenses[0];
                Need(IdOf(Json.At(data, "relationships", "license", "data")) == IdOf(license),
                    "the file does not contain its license");
                claims.Fingerprint = TextOf(Json.At(data, "attributes", "fingerprint"), "fingerprint");
            }
            claims.LicenseId = IdOf(license) ?? throw Malformed("the license's id");
            Need(IdOf(Json.At(license, "relationships", "policy", "data")) != null, "the file's policy is malformed");
            string owner = IdOf(Json.At(license, "relationships", "product", "data")) ?? throw Malformed("product");
            Need(owner == product, "this is a license for another product");
            var attributes = Json.At(license, "attributes") as Dictionary<string, object> ?? throw Malformed("attributes");
            claims.LicenseKey = Json.Text(attributes, "key");
            object end = Json.At(attributes, "expiry"), strategy = Json.At(attributes, "expiryStrategy");
            if (end != null) claims.LicenseExpiresAt = Instant(TextOf(end, "the license's expiry"));
            // Without a strategy in the file, the strictest applies.
            string word = strategy == null ? "RESTRICT_ACCESS" : TextOf(strategy, "expiryStrategy");
            claims.StopsAtExpiry = word == "RESTRICT_ACCESS" || word == "REVOKE_ACCESS";
            Need(claims.StopsAtExpiry || word == "MAINTAIN_ACCESS" || word == "ALLOW_ACCESS", "the file's expiryStrategy is unknown");
            object suspended;
            if (attributes.TryGetValue("suspended", out suspended))
                claims.IsSuspended = suspended is bool ? (bool)suspended : throw Malformed("suspended");
            var codes = new SortedSet<string>(StringComparer.Ordinal);
            foreach (object item in included.Where(item => Json.Text(item, "type") == "entitlements"))
                codes.Add(TextOf(Json.At(item, "attributes", "code"), "an entitlement's code"));
            claims.Entitlements = codes.ToArray();
            return claims;
        }

        internal static KeyClaims OpenKey(string text, PublicKeys keys, string product)
        {
            Need(text != null && text.Length <= LicenseKeys.MaxSignedLength, "this is not a signed license key");
            Match form = Regex.Match(text, @"\A(key/([A-Za-z0-9_=-]+))\.([A-Za-z0-9_=-]+)\z", RegexOptions.CultureInvariant);
            Need(form.Success, "this is not a signed license key");
            byte[] signature = Base64.DecodeUrl(form.Groups[3].Value), signed = Encoding.ASCII.GetBytes(form.Groups[1].Value);
            Need(keys.Verify(signed, signature), "the license key is not signed by the vendor");
            var claims = Members(Json.Parse(Base64.DecodeUrl(form.Groups[2].Value)), "the key", "product", "license", "policy",
                "issued", "expiry");
            Func<string, string> id = name =>
                Id(TextOf(Members(claims[name], name, "id")["id"], name)) ?? throw Malformed(name);
            var key = new KeyClaims
            {
                Product = id("product"),
                License = id("license"),
                Policy = id("policy"),
                IssuedAt = Instant(TextOf(claims["issued"], "issued")),
            };
            if (claims["expiry"] != null) key.ExpiresAt = Instant(TextOf(claims["expiry"], "expiry"));
            Need(key.Product == product, "this is a license key for another product");
            return key;
        }

        /// The members of an object that must have exactly these. A question mark marks one that may be missing.
        private static Dictionary<string, object> Members(object value, string what, params string[] names)
        {
            var members = value as Dictionary<string, object> ?? throw Malformed(what);
            Need(names.All(name => name.IndexOf('?') >= 0 || members.ContainsKey(name)), what + " is malformed");
            Need(members.Keys.All(name => names.Contains(name) || names.Contains(name + "?")), what + " is malformed");
            return members;
        }

        private static string IdOf(object resource)
        {
            return Id(Json.Text(resource, "id"));
        }

        /// A UUID with hyphens, in lower case. Null for other text.
        internal static string Id(string text)
        {
            if (text == null) return null;
            string lower = text.ToLowerInvariant();
            return IdForm.IsMatch(lower) ? lower : null;
        }

        internal static DateTimeOffset Instant(string text)
        {
            return TryInstant(text) ?? throw Malformed("a time");
        }

        /// An RFC 3339 time. Null for other text.
        internal static DateTimeOffset? TryInstant(string text)
        {
            Match form = text == null ? Match.Empty : TimeForm.Match(text);
            if (!form.Success) return null;
            Func<int, int> number = group => int.Parse(form.Groups[group].Value, CultureInfo.InvariantCulture);
            try
            {
                var time = new DateTime(number(1), number(2), number(3), number(4), number(5), number(6), DateTimeKind.Utc);
                // A tick is 100 ns.
                string fraction = form.Groups[7].Value.TrimStart('.').PadRight(7, '0').Substring(0, 7);
                time = time.AddTicks(long.Parse(fraction, CultureInfo.InvariantCulture));
                if (form.Groups[8].Value == "Z") return new DateTimeOffset(time);
                if (number(10) > 23 || number(11) > 59) return null;
                var offset = new TimeSpan(number(10), number(11), 0);
                return new DateTimeOffset(form.Groups[9].Value == "+" ? time - offset : time + offset);
            }
            catch (ArgumentOutOfRangeException)
            {
                return null;
            }
        }

        private static string TextOf(object value, string what)
        {
            return value as string ?? throw Malformed(what);
        }

        private static InvalidLicenseException Malformed(string what)
        {
            return new InvalidLicenseException(what + " is missing or malformed");
        }

        private static void Need(bool condition, string otherwise)
        {
            if (!condition) throw new InvalidLicenseException(otherwise);
        }
    }

    /// License keys as people type them.
    internal static class LicenseKeys
    {
        internal const string SignedPrefix = "key/";
        internal const int MaxSignedLength = 4096;

        private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        private const int RandomLetters = 27;

        /// The key in its canonical spelling, or null and the problem. Case, dashes and spaces do not matter, I and L
        /// are read as 1 and O as 0. Of a signed key only the form is checked.
        internal static string Parse(string text, out string problem)
        {
            problem = "this is not a license key: it has a prefix and seven groups of four letters or digits";
            text = (text ?? "").Trim();
            if (text.StartsWith(SignedPrefix, StringComparison.Ordinal))
                return text.Length <= MaxSignedLength && Regex.IsMatch(text, @"\Akey/[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\z")
                    ? text : null;
            int end = text.IndexOfAny(new[] { '-', ' ' });
            if (text.Length > 128 || end < 2 || end > 8) return null;
            string prefix = text.Substring(0, end).ToUpperInvariant();
            if (!prefix.All(letter => (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9'))) return null;
            List<int> values = text.Substring(end).Where(letter => letter != '-' && letter != ' ').Select(Value).ToList();
            if (values.Count != RandomLetters + 1 || values.Contains(-1)) return null;
            int fold = prefix.Aggregate(0, (sum, letter) => (sum * 31 + letter) & 255) & 31;
            if (Check(new[] { fold }.Concat(values.Take(RandomLetters))) != values[RandomLetters])
            {
                problem = "there is a typing error in the license key";
                return null;
            }
            problem = null;
            var spelled = new StringBuilder(prefix);
            for (int at = 0; at < values.Count; at++)
            {
                if (at % 4 == 0) spelled.Append('-');
                spelled.Append(Letters[values[at]]);
            }
            return spelled.ToString();
        }

        internal static string Masked(string key)
        {
            string letters = key.TrimEnd('=');
            return key.Split('-', '/')[0] + "-••••-••••-" + letters.Substring(Math.Max(0, letters.Length - 4));
        }

        private static int Value(char letter)
        {
            char upper = char.ToUpperInvariant(letter);
            return Letters.IndexOf(upper == 'I' || upper == 'L' ? '1' : upper == 'O' ? '0' : upper);
        }

        /// A weighted sum in the field of 32 elements, which detects every wrong letter and every swap of neighbors.
        private static int Check(IEnumerable<int> values)
        {
            int sum = 0, weight = 1;
            foreach (int value in values)
            {
                weight = Multiply(weight, 2);
                sum ^= Multiply(value, weight);
            }
            return sum;
        }

        private static int Multiply(int left, int right)
        {
            int product = 0;
            for (; right > 0; right >>= 1)
            {
                if ((right & 1) == 1) product ^= left;
                left <<= 1;
                if ((left & 32) != 0) left ^= 37;
            }
            return product;
        }
    }

    /// Canonical base64.
    internal static class Base64
    {
        internal static byte[] Decode(string text)
        {
            return TryDecode(text) ?? throw new InvalidLicenseException("the base64 is malformed");
        }

        internal static byte[] DecodeUrl(string text)
        {
            if (text.IndexOfAny(new[] { '+', '/' }) >= 0) throw new InvalidLicenseException("the base64 is malformed");
            return Decode(text.Replace('-', '+').Replace('_', '/'));
        }

        internal static byte[] TryDecode(string text)
        {
            try
            {
                byte[] bytes = Convert.FromBase64String(text);
                // The decoder accepts white space and unused bits.
                return Convert.ToBase64String(bytes) == text ? bytes : null;
            }
            catch (FormatException)
            {
                return null;
            }
        }
    }

    /// JSON that every parser interprets in the same way: without repeated names, and in valid UTF-8. Objects are
    /// dictionaries, arrays are lists, integers are long, other numbers double.
    internal sealed class Json
    {
        private const int MaxDepth = 64;

        private readonly string text;
        private int at;
        private int depth;

        private Json(string text)
        {
            this.text = text;
        }

        internal static object Parse(byte[] bytes)
        {
            try
            {
                return Parse(new UTF8Encoding(false, true).GetString(bytes));
            }
            catch (ArgumentException)
            {
                throw new InvalidLicenseException("the JSON is not UTF-8");
            }
        }

        internal static object Parse(string text)
        {
            var reader = new Json(text);
            object value = reader.Value();
            reader.Space();
            if (reader.at != text.Length) throw Bad();
            return value;
        }

        /// The value at a path of member names. Null if there is none.
        internal static object At(object value, params string[] path)
        {
            foreach (string name in path)
            {
                var members = value as Dictionary<string, object>;
                if (members == null || !members.TryGetValue(name, out value)) return null;
            }
            return value;
        }

        internal static string Text(object value, params string[] path)
        {
            return At(value, path) as string;
        }

        internal static object Item(object value, int index)
        {
            var items = value as List<object>;
            return items != null && index < items.Count ? items[index] : null;
        }

        /// An object of texts, from names and values.
        internal static string Object(params string[] members)
        {
            var parts = new List<string>();
            for (int i = 0; i < members.Length; i += 2) parts.Add(Quote(members[i]) + ":" + Quote(members[i + 1]));
            return "{" + string.Join(",", parts) + "}";
        }

        internal static string Quote(string text)
        {
            if (text == null) return "null";
            var quoted = new StringBuilder("\"");
            foreach (char letter in text)
            {
                if (letter == '"' || letter == '\\') quoted.Append('\\').Append(letter);
                else if (letter < ' ') quoted.Append("\\u").Append(((int)letter).ToString("x4", CultureInfo.InvariantCulture));
                else quoted.Append(letter);
            }
            return quoted.Append('"').ToString();
        }

        private static InvalidLicenseException Bad()
        {
            return new InvalidLicenseException("the JSON is malformed");
        }

        private void Space()
        {
            while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0) at++;
        }

        private char Next()
        {
            if (at >= text.Length) throw Bad();
            return text[at];
        }

        private bool Takes(char letter)
        {
            Space();
            if (at >= text.Length || text[at] != letter) return false;
            at++;
            return true;
        }

        private object Value()
        {
            Space();
            switch (Next())
            {
                case '{': return Nested(Members);
                case '[': return Nested(Items);
                case '"': return String();
                case 't': return Word("true", true);
                case 'f': return Word("false", false);
                case 'n': return Word("null", null);
                default: return Number();
            }
        }

        private object Nested(Func<object> read)
        {
            if (++depth > MaxDepth) throw Bad();
            at++;
            object value = read();
            depth--;
            return value;
        }

        private object Members()
        {
            var members = new Dictionary<string, object>(StringComparer.Ordinal);
            if (Takes('}')) return members;
            do
            {
                Space();
                if (Next() != '"') throw Bad();
                string name = String();
                if (!Takes(':') || members.ContainsKey(name)) throw Bad();
                members.Add(name, Value());
            }
            while (Takes(','));
            if (!Takes('}')) throw Bad();
            return members;
        }

        private object Items()
        {
            var items = new List<object>();
            if (Takes(']')) return items;
            do items.Add(Value());
            while (Takes(','));
            if (!Takes(']')) throw Bad();
            return items;
        }

        private object Word(string word, object value)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) throw Bad();
            at += word.Length;
            return value;
        }

        private object Number()
        {
            Match form = new Regex(@"\G-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", RegexOptions.CultureInvariant)
                .Match(text, at);
            if (!form.Success) throw Bad();
            at += form.Length;
            bool isInteger = !form.Groups[2].Success && !form.Groups[3].Success;
            if (isInteger && long.TryParse(form.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
                return whole;
            if (!double.TryParse(form.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                || double.IsInfinity(number)) throw Bad();
            return number;
        }

        private string String()
        {
            var read = new StringBuilder();
            for (at++; Next() != '"'; at++)
            {
                char letter = text[at];
                if (letter < ' ') throw Bad();
                read.Append(letter == '\\' ? Escaped() : letter);
            }
            at++;
            for (int i = 0; i < read.Length; i++)
            {
                // Half of a pair is no character.
                if (!char.IsSurrogate(read[i])) continue;
                if (i + 1 == read.Length || !char.IsSurrogatePair(read[i], read[i + 1])) throw Bad();
                i++;
            }
            return read.ToString();
        }

        private char Escaped()
        {
            at++;
            char letter = Next();
            int known = "\"\\/bfnrt".IndexOf(letter);
            if (known >= 0) return "\"\\/\b\f\n\r\t"[known];
            if (letter != 'u' || at + 4 >= text.Length) throw Bad();
            string digits = text.Substring(at + 1, 4);
            if (!ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code)) throw Bad();
            at += 4;
            return (char)code;
        }
    }

    /// AES-256-GCM with a nonce of 12 bytes, which .NET Framework lacks (NIST SP 800-38D). Only for files from the
    /// portal: the client requests plain files.
    internal static class FileCipher
    {
        /// The plain text. Null if the tag does not match.
        internal static byte[] Decrypt(byte[] key, byte[] nonce, byte[] cipherText, byte[] tag)
        {
            if (nonce.Length != 12 || tag.Length != 16) return null;
            int blocks = (cipherText.Length + 15) / 16;
            // The block of zeros gives the hash key, counter 1 masks the tag, and the counters from 2 on the text.
            var input = new byte[16 * (blocks + 2)];
            for (int block = 1; block < blocks + 2; block++)
            {
                Buffer.BlockCopy(nonce, 0, input, 16 * block, 12);
                for (int i = 0; i < 4; i++) input[16 * block + 15 - i] = (byte)(block >> (8 * i));
            }
            byte[] mask;
            using (Aes aes = Aes.Create())
            {
                aes.Mode = CipherMode.ECB;
                aes.Padding = PaddingMode.None;
                aes.Key = key;
                using (ICryptoTransform encryptor = aes.CreateEncryptor())
                    mask = encryptor.TransformFinalBlock(input, 0, input.Length);
            }
            byte[] expected = Hash(mask, cipherText, blocks);
            int difference = 0;
            for (int i = 0; i < 16; i++) difference |= expected[i] ^ mask[16 + i] ^ tag[i];
            if (difference != 0) return null;
            var plain = new byte[cipherText.Length];
            for (int i = 0; i < plain.Length; i++) plain[i] = (byte)(cipherText[i] ^ mask[32 + i]);
            return plain;
        }

        private static byte[] Hash(byte[] hashKey, byte[] cipherText, int blocks)
        {
            ulong keyHigh = Word(hashKey, 0), keyLow = Word(hashKey, 8), high = 0, low = 0;
            var padded = new byte[16 * blocks];
            Buffer.BlockCopy(cipherText, 0, padded, 0, cipherText.Length);
            for (int block = 0; block < blocks; block++)
            {
                high ^= Word(padded, 16 * block);
                low ^= Word(padded, 16 * block + 8);
                Multiply(ref high, ref low, keyHigh, keyLow);
            }
            low ^= 8 * (ulong)cipherText.Length;
            Multiply(ref high, ref low, keyHigh, keyLow);
            var hash = new byte[16];
            for (int i = 0; i < 8; i++)
            {
                hash[i] = (byte)(high >> (56 - 8 * i));
                hash[8 + i] = (byte)(low >> (56 - 8 * i));
            }
            return hash;
        }

        private static ulong Word(byte[] bytes, int at)
        {
            ulong word = 0;
            for (int i = 0; i < 8; i++) word = word << 8 | bytes[at + i];
            return word;
        }

        private static void Multiply(ref ulong high, ref ulong low, ulong otherHigh, ulong otherLow)
        {
            ulong productHigh = 0, productLow = 0;
            for (int bit = 127; bit >= 0; bit--)
            {
                ulong isSet = bit >= 64 ? high >> (bit - 64) & 1 : low >> bit & 1;
                if (isSet == 1)
                {
                    productHigh ^= otherHigh;
                    productLow ^= otherLow;
                }
                ulong carry = otherLow & 1;
                otherLow = otherLow >> 1 | otherHigh << 63;
                otherHigh >>= 1;
                if (carry == 1) otherHigh ^= 0xE1UL << 56;
            }
            high = productHigh;
            low = productLow;
        }
    }

    /// The vendor's public keys. They are checked on first use, because that takes milliseconds.
    internal sealed class PublicKeys
    {
        private readonly List<Lazy<Ed25519.PublicKey>> keys;

        internal PublicKeys(IReadOnlyList<string> hex)
        {
            if (!hex.All(Ed25519.HasForm)) throw new ArgumentException("a public key does not have 64 hex digits");
            keys = hex.Select(text => new Lazy<Ed25519.PublicKey>(() => Ed25519.ParseKey(text))).ToList();
        }

        internal int Count
        {
            get { return keys.Count; }
        }

        internal bool Verify(byte[] message, byte[] signature)
        {
            return keys.Any(key => Ed25519.Verify(key.Value, message, signature));
        }
    }

    /// Ed25519 (RFC 8032), verified strictly: encodings must be canonical, and points of small order, which accept
    /// forged signatures, are refused. There are no secrets here, so the time that it takes reveals nothing.
    internal static class Ed25519
    {
        private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
        private static readonly BigInteger Order =
            BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);
        private static readonly BigInteger D = Mod(-121665 * Inverse(121666));
        private static readonly BigInteger RootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
        private static readonly Point Identity = new Point(0, 1);
        private static readonly Point Base = Decode(Encoded(Mod(4 * Inverse(5)), false));

        internal sealed class PublicKey
        {
            internal byte[] Bytes;
            internal Point Negated;
        }

        /// Extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z.
        internal struct Point
        {
            internal BigInteger X, Y, Z, T;

            internal Point(BigInteger x, BigInteger y)
            {
                X = x;
                Y = y;
                Z = BigInteger.One;
                T = Mod(x * y);
            }
        }

        internal static bool HasForm(string hex)
        {
            return hex != null && Regex.IsMatch(hex, @"\A[0-9A-Fa-f]{64}\z");
        }

        internal static PublicKey ParseKey(string hex)
        {
            if (!HasForm(hex)) throw InvalidKey();
            byte[] bytes = Enumerable.Range(0, 32).Select(at => Convert.ToByte(hex.Substring(2 * at, 2), 16)).ToArray();
            Point point = Decode(bytes);
            // Verifiers disagree about points with a component of small order.
            if (IsSmall(point) || !IsIdentity(Sum(Order, point, 0, Identity))) throw InvalidKey();
            return new PublicKey { Bytes = bytes, Negated = new Point(Mod(-point.X), point.Y) };
        }

        private static InvalidLicenseException InvalidKey()
        {
            return new InvalidLicenseException("this program has a public key that is not an Ed25519 key");
        }

        internal static bool Verify(PublicKey key, byte[] message, byte[] signature)
        {
            if (signature.Length != 64) return false;
            byte[] r = signature.Take(32).ToArray();
            BigInteger s = Number(signature.Skip(32));
            if (s >= Order) return false;
            byte[] hash;
            using (var sha = SHA512.Create()) hash = sha.ComputeHash(r.Concat(key.Bytes).Concat(message).ToArray());
            Point point = Sum(s, Base, BigInteger.Remainder(Number(hash), Order), key.Negated);
            // The encoding of a point is canonical, so equal bytes mean that `r` is, too.
            return Encode(point).SequenceEqual(r) && !IsSmall(point);
        }

        private static BigInteger Mod(BigInteger value)
        {
            BigInteger rest = BigInteger.Remainder(value, P);
            return rest.Sign < 0 ? rest + P : rest;
        }

        private static BigInteger Inverse(BigInteger value)
        {
            return BigInteger.ModPow(value, P - 2, P);
        }

        private static BigInteger Number(IEnumerable<byte> littleEndian)
        {
            return new BigInteger(littleEndian.Concat(new byte[] { 0 }).ToArray());
        }

        private static byte[] Encode(Point point)
        {
            BigInteger inverse = Inverse(point.Z);
            return Encoded(Mod(point.Y * inverse), !Mod(point.X * inverse).IsEven);
        }

        private static byte[] Encoded(BigInteger y, bool isOdd)
        {
            var bytes = new byte[32];
            byte[] number = y.ToByteArray();
            Buffer.BlockCopy(number, 0, bytes, 0, Math.Min(32, number.Length));
            if (isOdd) bytes[31] |= 0x80;
            return bytes;
        }

        private static Point Decode(byte[] bytes)
        {
            bool isOdd = (bytes[31] & 0x80) != 0;
            BigInteger y = Number(bytes) & (BigInteger.Pow(2, 255) - 1);
            BigInteger square = Mod((y * y - 1) * Inverse(Mod(D * y * y + 1)));
            BigInteger x = BigInteger.ModPow(square, (P + 3) / 8, P);
            if (Mod(x * x) != square) x = Mod(x * RootOfMinusOne);
            if (y >= P || Mod(x * x) != square || (x.IsZero && isOdd)) throw InvalidKey();
            return new Point(x.IsEven == isOdd ? Mod(-x) : x, y);
        }

        private static bool IsIdentity(Point point)
        {
            return Mod(point.X).IsZero && Mod(point.Y - point.Z).IsZero;
        }

        private static bool IsSmall(Point point)
        {
            return IsIdentity(Double(Double(Double(point))));
        }

        /// a * A + b * B, with the doublings shared.
        private static Point Sum(BigInteger a, Point pointA, BigInteger b, Point pointB)
        {
            Point both = Add(pointA, pointB), sum = Identity;
            byte[] bitsA = a.ToByteArray(), bitsB = b.ToByteArray();
            for (int bit = 255; bit >= 0; bit--)
            {
                sum = Double(sum);
                bool hasA = IsSet(bitsA, bit), hasB = IsSet(bitsB, bit);
                if (hasA || hasB) sum = Add(sum, hasA && hasB ? both : hasA ? pointA : pointB);
            }
            return sum;
        }

        private static bool IsSet(byte[] bits, int bit)
        {
            return bit / 8 < bits.Length && (bits[bit / 8] >> (bit % 8) & 1) == 1;
        }

        private static Point Double(Point p)
        {
            BigInteger a = Mod(p.X * p.X), b = Mod(p.Y * p.Y), both = p.X + p.Y;
            BigInteger e = Mod(both * both) - a - b, g = b - a, f = g - 2 * Mod(p.Z * p.Z), h = -a - b;
            return new Point { X = Mod(e * f), Y = Mod(g * h), Z = Mod(f * g), T = Mod(e * h) };
        }

        private static Point Add(Point p, Point q)
        {
            BigInteger a = Mod((p.Y - p.X) * (q.Y - q.X)), b = Mod((p.Y + p.X) * (q.Y + q.X));
            BigInteger c = Mod(2 * D * Mod(p.T * q.T)), d = 2 * Mod(p.Z * q.Z);
            BigInteger e = b - a, f = d - c, g = d + c, h = b + a;
            return new Point { X = Mod(e * f), Y = Mod(g * h), Z = Mod(f * g), T = Mod(e * h) };
        }
    }
}
