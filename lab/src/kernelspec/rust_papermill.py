"""Papermill's parameters in Rust: `papermill in.ipynb out.ipynb -p n 3` puts `let n = 3;` into a cell.

Papermill asks the installed packages for engines, not for translators. So this one offers papermill's
own engine under the name `rust`, and brings the translator with it.
"""

import math
import re

from papermill.engines import NBClientEngine  # noqa: F401 (papermill's usual engine, which it finds here)
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators


class RustTranslator(Translator):
    PARAMETER = re.compile(
        r"let\s+(?:mut\s+)?(?P<name>\w+)\s*(?::\s*(?P<type>[^=]+?))?\s*=\s*(?P<value>.+?)\s*;"
        r"\s*(?://\s*(?P<help>.*))?$"
    )

    @classmethod
    def translate_none(cls, val):
        raise PapermillException("Rust has no value for null: leave the parameter out")

    @classmethod
    def translate_str(cls, val):
        special = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
        return '"' + "".join(special.get(letter, letter) for letter in val) + '"'

    translate_escaped_str = translate_str

    @classmethod
    def translate_int(cls, val):
        if -(2**31) <= val < 2**31:
            return str(val)
        return f"{val}_{'i64' if -(2**63) <= val < 2**63 else 'i128'}"

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "f64::NAN"
        if math.isinf(val):
            return "f64::INFINITY" if val > 0 else "f64::NEG_INFINITY"
        return f"{val!r}_f64"

    @classmethod
    def translate_list(cls, val):
        return f"vec![{', '.join(map(cls.translate, val))}]"

    @classmethod
    def translate_dict(cls, val):
        pairs = [f"({cls.translate_str(str(key))}, {cls.translate(of)})" for key, of in val.items()]
        return f"std::collections::BTreeMap::from([{', '.join(pairs)}])"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell):
        found = map(cls.PARAMETER.match, map(str.strip, parameters_cell["source"].splitlines()))
        return [
            Parameter(
                name=it["name"],
                inferred_type_name=it["type"] or "None",
                default=it["value"],
                help=it["help"] or "",
            )
            for it in found
            if it
        ]


papermill_translators.register("rust", RustTranslator)
