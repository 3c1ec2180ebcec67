; What only TypeScript's grammars (.ts and .tsx) have; ecmascript.scm comes first.

(public_field_definition
  name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(function_signature name: (_) @name) @function
(method_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @function

(abstract_class_declaration name: (_) @name body: (_)? @body) @class
((interface_declaration name: (_) @name body: (_)? @body) @class (#set! kind "interface"))
((enum_declaration name: (_) @name body: (_)? @body) @class (#set! kind "enum"))
((type_alias_declaration name: (_) @name) @class (#set! kind "type"))

[(class_body (decorator) @decorator)
 (abstract_class_declaration (decorator) @decorator)]

(extends_clause value: (_) @base)
(implements_clause (_) @base)
(extends_type_clause type: (_) @base)

(export_statement declaration: (ambient_declaration (_ name: (_) @export)))
(export_statement declaration: (ambient_declaration
  (_ (variable_declarator name: (_) @export))))
(import_require_clause source: (string (string_fragment) @import))
