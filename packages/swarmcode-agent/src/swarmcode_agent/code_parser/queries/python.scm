; What the reader takes from Python. The captures mean the same in every language; see
; docs/guides/code-map.md, "Adding a language".

(function_definition name: (_) @name body: (_)? @body) @function
(class_definition name: (_) @name superclasses: (argument_list)? @bases body: (_)? @body) @class
(decorator) @decorator

(import_statement name: (dotted_name) @import)
(import_statement name: (aliased_import name: (_) @import))
(import_from_statement module_name: (_) @import)
(future_import_statement "__future__" @import)

((module (expression_statement (assignment
    left: (identifier) @_all
    right: (_ (string (string_content) @export)))))
  (#eq? @_all "__all__"))

(comment) @comment
(string_content) @text
