"""The work of `export.py`, in a process of its own. Says what it does in short lines on its stdout."""

import contextlib
import os
import sys
import time
import traceback
from pathlib import Path

import quiet

quiet.settle()

import examine
import measure
import page
import report
import source as sources
import taken
from problems import Failed, Wrong, is_no_space, no_space, of_files, text_of
from quiet import say
from request import parse, place, wanted


class Export:
    """One request, from the model to the report."""

    def __init__(self, request):
        self.request = request
        self.kept = report.Kept(request)
        self.said = self.kept.folder / report.SAID
        self.results = report.results()
        self.judge = None
        self.representative = self.evaluation = None

    def run(self):
        self.kept.load()
        first = "original" not in self.kept.document
        with quiet.held(self.said):
            self.load()
        if first:
            self.describe()
        self.original(first)
        for target, quantize in wanted(self.request):
            if not self.kept.is_done(target, quantize):
                self.kept.end(self.export(target, quantize))
        if self.request.pwa and "site" not in self.kept.document:
            self.site()
        return self.kept.finish()

    def load(self):
        request = self.request
        self.source = sources.load(request.model, request.tags, request.signature, self.kept.folder)
        if request.representative:
            self.representative = taken.representative(request.representative, self.source, request.label)
        if request.evaluate:
            self.evaluation = taken.evaluation(request.evaluate, self.source, request.label)
        # What is measured with: rows that somebody gave, or else numbers that mean nothing.
        self.rows = self.evaluation or self.representative or taken.invented(self.source)

    def describe(self):
        source, document = self.source, self.kept.document
        document["signature"] = source.signature
        document["versions"] = examine.versions(self.request)
        document["inputs"] = [f.facts() for f in source.inputs]
        document["outputs"] = [f.facts() for f in source.outputs]
        document["original"] = {"kind": source.kind, "bytes": source.bytes}
        if source.notes:
            document["original"]["notes"] = source.notes
        if self.representative:
            document["representative"] = {"rows": len(self.representative), "given": self.representative.given}
            doubts = taken.doubts(self.representative, source, self.evaluation)
            if doubts and "int8" in self.request.quantize:
                document["representative"]["notes"] = doubts
        if self.evaluation:
            rows = {"rows": len(self.evaluation), "given": self.evaluation.given}
            document["evaluation"] = {**rows, "label": self.request.label} if self.request.label else rows
        if self.request.min_accuracy is not None:
            document["minAccuracy"] = self.request.min_accuracy
        takes, gives = (", ".join(f.text() for f in fields) for fields in (source.inputs, source.outputs))
        say(f"model: {sources.KINDS[source.kind]}, {report.in_words(source.bytes)}, {takes} -> {gives}")
        if self.evaluation and len(self.evaluation) < self.evaluation.given:
            say(f"evaluation: {len(self.evaluation)} rows, evenly of {self.evaluation.given}")
        for note in document.get("representative", {}).get("notes", []):
            say(f"warning: {note}")

    def original(self, first):
        """What the original answers; without rows that it takes, nothing is compared."""
        self.reference = None
        if self.rows is None:
            return
        source = self.source

        def opened():
            sources.reload(source)
            return source.predict

        with quiet.held(self.said):
            try:
                outputs, facts = measure.run(opened, self.rows.arrays, source.batch)
            except Exception as error:
                if self.evaluation or self.representative:
                    raise Wrong(f"the model can't be run with the rows: {text_of(error)}") from error
                self.rows = None
                return
            from judge import Judge

            if self.request.label:
                self.judge = Judge(source, self.evaluation.answers, outputs)
                if self.judge.kind == "numbers" and self.request.min_accuracy is not None:
                    raise Wrong(f"--min-accuracy is for classes, and the model's output {self.judge.output} is held "
                                "against numbers: leave it out, and look at maxDifference")  # fmt: skip
                facts.update(self.judge.judged(outputs))
        self.reference = outputs
        if first:
            self.kept.document["original"].update(facts)
            if self.judge:
                self.kept.document["evaluation"]["output"] = self.judge.output
            self.kept.save()
            say(f"original: {report.told(facts)}")

    def export(self, target, quantize):
        name = place(target, quantize)
        entry = {"target": target, "quantize": quantize, "path": name}
        self.kept.begin(target, quantize, name)
        half, whole = self.results / f".making-{name}", self.results / name
        began = time.monotonic()
        try:
            report.remove(whole)
            with self.shown_when_it_fails():
                entry["notes"] = self.convert(target, quantize, half)
            entry["bytes"] = report.size(half)
            os.replace(half, whole)
            entry["seconds"] = round(time.monotonic() - began, 1)
            self.examine(target, quantize, whole, entry)
        except (Failed, OSError) as error:
            failed = of_files(error) if isinstance(error, OSError) else error
            entry["error"] = str(failed)
            if failed.hint:
                entry["hint"] = failed.hint
        finally:
            report.remove(half)
        entry.setdefault("seconds", round(time.monotonic() - began, 1))
        if not entry.get("notes"):
            entry.pop("notes", None)
        self.tell(entry)
        return entry

    def convert(self, target, quantize, half):
        request = self.request
        if target == "tflite":
            import to_tflite

            given = self.source, quantize, request, self.representative, self.kept.folder
            content, notes = to_tflite.convert(*given)
            half.write_bytes(content)
            return notes + to_tflite.notes(half, quantize, request)
        if target == "tfjs":
            import to_tfjs

            half.mkdir()
            return to_tfjs.convert(self.source, quantize, half)
        import to_onnx

        to_onnx.convert(self.source, half)
        return []

    def examine(self, target, quantize, path, entry):
        """Which operators it has; what it answers, beside the original."""
        with self.shown_when_it_fails("it is made and can't be run"):
            try:
                examined = examine.examine(target, quantize, path, self.source, self.rows, self.reference, self.judge)
            except examine.NotRun as error:
                if self.request.min_accuracy is not None:
                    raise Failed(f"{error}, so its accuracy isn't known", error.hint) from None
                examined = {**error.facts, "notes": [f"{error}: it is not measured"]}
        entry["notes"] += examined.pop("notes", [])
        entry.update(examined)

    @contextlib.contextmanager
    def shown_when_it_fails(self, what="it can't be made"):
        """What a converter says is shown where it fails, with the traceback of what isn't the model's fault."""
        failed = trace = None
        with quiet.held(self.said) as held:
            try:
                yield
                return
            except OSError as error:
                raise of_files(error) from error
            except Failed as error:
                failed = no_space() if is_no_space(error.__cause__) else error
                if failed is error and error.hint is None and error.__cause__ is not None:
                    trace = "".join(traceback.format_exception(error.__cause__))
            except Exception as error:
                failed = no_space() if is_no_space(error) else Failed(f"{what}: {text_of(error)}")
                trace = "".join(traceback.format_exception(error))
        if trace:
            print(held.text() + trace, file=sys.stderr, flush=True)
        raise failed

    def site(self):
        made = [e for e in self.kept.document["exports"] if e["target"] == "tfjs" and "bytes" in e]
        entry = {"path": "pwa"}
        try:
            if not made:
                raise Failed("there is no TensorFlow.js model to make the site of")
            with self.shown_when_it_fails():
                page.build(self.results, made[0], self.facts(made[0]))
            entry["bytes"] = report.size(self.results / "pwa")
            say(f"pwa: {report.in_words(entry['bytes'])}")
        except (Failed, OSError) as error:
            failed = of_files(error) if isinstance(error, OSError) else error
            entry["error"] = str(failed)
            say(f"pwa: {failed}")
        self.kept.document["site"] = entry
        self.kept.save()

    def facts(self, entry):
        return page.facts(self.request, self.source, self.kept.document, entry,
                          [given for given in (self.representative, self.evaluation) if given])  # fmt: skip

    def tell(self, entry):
        name = report.label(entry)
        if "error" in entry:
            return say(f"{name}: {entry['error']}" + (f" ({entry['hint']})" if "hint" in entry else ""))
        rows = ""
        if entry["quantize"] == "int8":
            used, given = len(self.representative), self.representative.given
            rows = f", {used} representative rows" + (f" of {given}" if given != used else "")
        return say(f"{name}: {report.in_words(entry['bytes'])}{rows}, {report.told(entry)}".removesuffix(", "))


def main(argv):
    try:
        return Export(parse(argv)).run()
    except Wrong as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    except (Failed, OSError) as error:
        failed = of_files(error) if isinstance(error, OSError) else error
        print(f"error: {failed}" + (f"; {failed.hint}" if failed.hint else ""), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # TensorFlow's own end takes a while, and prints.
    os._exit(code)
