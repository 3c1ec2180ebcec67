; What JavaScript and TypeScript share. javascript.scm and typescript.scm add the rest.

(function_declaration name: (_) @name body: (_)? @body) @function
(generator_function_declaration name: (_) @name body: (_)? @body) @function
(method_definition name: (_) @name body: (_)? @body) @function
(variable_declarator
  name: (identifier) @name
  value: [(arrow_function body: (_) @body)
          (function_expression body: (_) @body)
          (generator_function body: (_) @body)]) @function
(assignment_expression
  left: [(identifier) @name (member_expression property: (_) @name)]
  right: [(arrow_function body: (_) @body)
          (function_expression body: (_) @body)
          (generator_function body: (_) @body)]) @function
(pair
  key: (property_identifier) @name
  value: [(arrow_function body: (_) @body)
          (function_expression body: (_) @body)
          (generator_function body: (_) @body)]) @function

(class_declaration name: (_) @name body: (_)? @body) @class
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
[(export_statement (decorator) @decorator)
 (class_declaration (decorator) @decorator)]

(import_statement source: (string (string_fragment) @import))
(export_statement source: (string (string_fragment) @import))
((call_expression
    function: [(identifier) (import)] @_call
    arguments: (arguments . (string (string_fragment) @import)))
  (#any-of? @_call "require" "import"))

(export_statement declaration: (_ name: (_) @export))
(export_statement declaration: (_ (variable_declarator name: (identifier) @export)))
(export_specifier name: (_) @export !alias)
(export_specifier alias: (_) @export)
(export_statement "default" @export value: (_))
((assignment_expression left: (member_expression
    object: [(identifier) @_exports (member_expression property: (_) @_exports)]
    property: (property_identifier) @export))
  (#eq? @_exports "exports"))

(comment) @comment
[(string_fragment) (escape_sequence) (regex_pattern) (regex_flags)] @text
