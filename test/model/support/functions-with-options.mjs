import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const entry = fileURLToPath(new URL('../../../dist/index.d.ts', import.meta.url));

/** Returns the names of all public functions and methods with a parameter whose type is named `…Options`. */
export function functionsWithOptions() {
  const program = ts.createProgram([entry], { noLib: true, types: [], module: ts.ModuleKind.NodeNext });
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)));
  const found = new Set();
  for (const symbol of exported) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of target.declarations) {
      if (takesOptions(declaration)) found.add(symbol.name);
      for (const member of declaration.members ?? []) {
        const name = ts.isConstructorDeclaration(member) ? 'constructor' : member.name?.getText();
        if (takesOptions(member)) found.add(`${symbol.name}.${name}`);
      }
    }
  }
  return [...found];
}

function takesOptions(declaration) {
  const { parameters = [] } = declaration;
  if (ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal')) return false;
  return parameters.some(({ type }) => type && /Options$/.test(type.getText()));
}
